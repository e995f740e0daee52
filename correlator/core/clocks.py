"""The clocks of the raw partitions, as one lifecycles partition has received them."""

from msgspec import Struct

from correlator.core.codec import ForeignState, UnreadableState
from correlator.moments import Moment
from correlator.versioned import Format, encode


class _Clocks(Struct, gc=False, array_like=True, forbid_unknown_fields=True, tag_field="version", tag=1):
    """The clocks as the table holds them."""

    partitions: int
    clocks: dict[int, Moment]


_FORMAT = Format(_Clocks, "clocks", unreadable=UnreadableState, foreign=ForeignState)


class Clocks:
    """The greatest clock received from each raw partition."""

    def __init__(self, partitions: int = 0, clocks: dict[int, Moment] | None = None) -> None:
        self._partitions = partitions
        self._clocks = clocks or {}
        self.low_watermark = self._least()
        """The least clock of all raw partitions; None until every one of them has reported (rule T4)."""

    def observe(self, raw_partition: int, raw_partitions: int, clock: Moment | None) -> Moment | None:
        """Take in a clock, and return the partition's greatest. It never goes back, even if its reader starts again."""
        known = self._clocks.get(raw_partition)
        if raw_partitions > self._partitions:
            self._partitions = raw_partitions
            self.low_watermark = self._least()
        if clock is None or (known is not None and clock <= known):
            return known
        self._clocks[raw_partition] = clock
        if self._partitions == 1:
            self.low_watermark = clock
        elif known is None or known == self.low_watermark:
            self.low_watermark = self._least()
        return clock

    def _least(self) -> Moment | None:
        return min(self._clocks.values()) if self._clocks and len(self._clocks) >= self._partitions else None

    def encode(self) -> bytes:
        """The clocks as the table holds them."""
        return encode(_Clocks(self._partitions, self._clocks))

    @classmethod
    def decode(cls, value: bytes) -> "Clocks":
        """What `encode` wrote. Raises `UnreadableState` or `ForeignState`."""
        held = _FORMAT.decode(value)
        return cls(held.partitions, held.clocks)
