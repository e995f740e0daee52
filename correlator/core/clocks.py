"""The clocks of the raw partitions, as one lifecycles partition has heard of them."""

from typing import Any

import orjson

from correlator.core.codec import NewerState, UnreadableState
from correlator.versioned import behind_version

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
        fields: list[Any] = behind_version(
            value, VERSION, "a list of clocks", unreadable=UnreadableState, newer=NewerState
        )
        try:
            partitions, rows = fields
            clocks = dict(rows)
        except (ValueError, TypeError) as reason:
            raise UnreadableState(f"not a list of clocks: {reason}") from None
        if not all(type(number) is int for number in (partitions, *clocks, *clocks.values())):
            raise UnreadableState("not a list of clocks: not numbers")
        return cls(partitions, clocks)
