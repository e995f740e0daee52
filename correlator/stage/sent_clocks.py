"""The clocks of one raw partition that were sent to the lifecycles partitions, with events or in ticks (rule T6)."""

from typing import Final

from correlator.moments import MINUTE, Moment, Span

MAX_BEHIND: Final = MINUTE
"""By how much a lifecycles partition may be behind the raw partition's clock while events come."""
DUE_SOON: Final = Span(MAX_BEHIND // 2)
"""When one partition gets a tick, so do all that are behind by more than this: they would need one soon."""


class SentClocks:
    """The latest clock that was sent to each lifecycles partition.

    An event takes its clock to the partition that it goes to, so where there are many events, hardly any ticks are
    needed. Without this, two topics of 128 partitions exchanged 16,384 ticks for every minute of a backlog.
    """

    def __init__(self, partitions: int) -> None:
        self._latest = [Moment(0)] * partitions
        self._due = Moment(0)
        """No partition is too far behind before the clock gets to this."""

    def note(self, clock: Moment, partition: int) -> None:
        """Note that an event takes ``clock`` to a partition."""
        self._latest[partition] = clock

    def due(self, clock: Moment) -> list[int]:
        """The partitions to send a tick to while events come. The clock counts as sent to them."""
        if clock < self._due:
            return []
        due = self._send(clock, to_those_before=clock - DUE_SOON)
        self._due = min(self._latest) + MAX_BEHIND
        return due

    def behind(self, clock: Moment) -> list[int]:
        """All partitions that do not have ``clock`` yet. It counts as sent to them."""
        return self._send(clock, to_those_before=clock)

    def _send(self, clock: Moment, to_those_before: Moment) -> list[int]:
        behind = [partition for partition, latest in enumerate(self._latest) if latest < to_those_before]
        for partition in behind:
            self._latest[partition] = clock
        return behind
