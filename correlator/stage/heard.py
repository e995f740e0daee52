"""What the lifecycles partitions have heard of the clock of one raw partition: by its events, or by ticks (rule T6)."""

from typing import Final

from correlator.moments import MINUTE, Moment, Span

LIMIT: Final = MINUTE
"""By how much of that clock a lifecycles partition may be behind while events come."""
SOON: Final = Span(LIMIT // 2)
"""When one is told, those that are further behind than this are, too: it is soon their turn."""


class Heard:
    """The latest clock that was sent to each lifecycles partition.

    An event tells the partition that it goes to, so where events are many, hardly any ticks are needed: without this,
    two topics of 128 partitions exchanged 16,384 of them for every minute of a backlog.
    """

    def __init__(self, partitions: int) -> None:
        self._latest = [Moment(0)] * partitions
        self._due = Moment(0)
        """The clock from which on one of them is too far behind, or one before that."""

    def of(self, clock: Moment, partition: int) -> None:
        """An event with that clock goes to a partition."""
        self._latest[partition] = clock

    def due(self, clock: Moment) -> list[int]:
        """The partitions to tell of a clock while events come; they count as told."""
        if clock < self._due:
            return []
        told = self._tell(clock, heard_before=clock - SOON)
        self._due = min(self._latest) + LIMIT
        return told

    def behind(self, clock: Moment) -> list[int]:
        """All partitions that have not heard of a clock; they count as told."""
        return self._tell(clock, heard_before=clock)

    def _tell(self, clock: Moment, heard_before: Moment) -> list[int]:
        told = [partition for partition, latest in enumerate(self._latest) if latest < heard_before]
        for partition in told:
            self._latest[partition] = clock
        return told
