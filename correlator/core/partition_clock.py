"""The clock of a raw partition: time is event time (rules T1 to T3)."""

from correlator.moments import MINUTE, SECOND, Moment

MAX_CLOCK_LEAD = 5 * MINUTE
"""An event dated further ahead of when it was received than this has a wrong clock, and does not move ours."""

QUIET_AFTER = MINUTE
"""After as long without an event of ours in a partition that is read to its end, wall time is its time."""

QUIET_STEP = 10 * SECOND
"""A quiet partition's clock goes on in steps of this: each is a message to every lifecycles partition."""


class PartitionClock:
    """The greatest ``occurred`` of our events in a partition, or wall time while it is quiet. It never goes back.

    Quiet means without events of *ours*: a partition that holds only others' events would otherwise stop all deadlines.
    """

    __slots__ = ("_moved", "now")

    def __init__(self, wall: Moment) -> None:
        """``wall``: the wall clock, when the partition came to this process."""
        self.now: Moment | None = None
        """None until an event of ours was seen, or the partition is read to its end and quiet."""
        self._moved = wall

    def observe(self, occurred: Moment, arrived: Moment, wall: Moment) -> Moment | None:
        """An event of ours: ``arrived`` is when the server, else the broker took it in, else the wall clock."""
        self._moved = wall
        if occurred <= arrived + MAX_CLOCK_LEAD and (self.now is None or occurred > self.now):
            self.now = occurred
        return self.now

    def rest(self, wall: Moment) -> Moment | None:
        """The partition is read to its end."""
        if wall - self._moved >= QUIET_AFTER and (self.now is None or wall >= self.now + QUIET_STEP):
            self.now = wall
        return self.now


def clock_without_one(occurred: Moment, arrived: Moment) -> Moment:
    """What an event goes by whose partition has no clock yet: its own date, as far as that can be right (rule T7)."""
    return min(occurred, arrived + MAX_CLOCK_LEAD)
