"""The clocks of the raw partitions, as one lifecycles partition has heard of them."""

import orjson

from correlator.core.codec import NewerState, UnreadableState

VERSION = 1


class Clocks:
    """The greatest clock that each raw partition ever showed, in microseconds since 1970 UTC."""

    def __init__(self, partitions: int = 0, clocks: dict[int, int] | None = None) -> None:
        self._partitions = partitions
        self._clocks = clocks or {}
        self.low_watermark = self._least()
        """The least clock over all raw partitions; None until each has shown one."""

    def observe(self, raw_partition: int, raw_partitions: int, clock: int | None) -> int | None:
        """Take a clock in; returns the partition's greatest. It never goes back, also where its reader began anew."""
        known = self._clocks.get(raw_partition)
        if raw_partitions > self._partitions:
            self._partitions = raw_partitions
            self.low_watermark = self._least()
        if clock is None or (known is not None and clock <= known):
            return known
        self._clocks[raw_partition] = clock
        if known is None or known == self.low_watermark:
            self.low_watermark = self._least()
        return clock

    def _least(self) -> int | None:
        return min(self._clocks.values()) if self._clocks and len(self._clocks) >= self._partitions else None

    def encode(self) -> bytes:
        """The clocks as the table holds them."""
        return orjson.dumps([VERSION, self._partitions, sorted(self._clocks.items())])

    @classmethod
    def decode(cls, value: bytes) -> "Clocks":
        """What `encode` wrote. Raises `UnreadableState` or `NewerState`."""
        try:
            fields = orjson.loads(value)
            version = fields[0] if isinstance(fields, list) and fields else None
            if type(version) is int and version > VERSION:
                raise NewerState(
                    f"a newer release wrote these clocks, of version {version}: this one reads up to {VERSION}"
                )
            if type(version) is not int or version != VERSION:
                raise UnreadableState("no clocks: no list that begins with a version")
            _, partitions, rows = fields
            clocks = dict(rows)
        except (ValueError, TypeError) as reason:
            raise UnreadableState(f"no clocks: {reason}") from None
        if not all(type(number) is int for number in (partitions, *clocks, *clocks.values())):
            raise UnreadableState("no clocks: not numbers")
        return cls(partitions, clocks)
