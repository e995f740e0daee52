"""The clock of a raw partition, which follows event time (rules T1 to T3)."""

from correlator.moments import MINUTE, SECOND, Moment

MAX_CLOCK_LEAD = 5 * MINUTE
"""An event dated further than this after its arrival comes from a wrong clock, and does not move ours."""

QUIET_AFTER = MINUTE
"""After this long without an event of ours, a partition that is read to its end goes by the wall clock."""

QUIET_STEP = 10 * SECOND
"""A quiet partition's clock moves in steps of this length: each step sends a message to every lifecycles partition."""


class PartitionClock:
    """The greatest ``occurred`` of our events in a partition, or the wall clock while it is quiet. It never goes back.

    Quiet means without events of *ours*: otherwise a partition with nothing but other events would hold up every
    deadline.
    """

    __slots__ = ("_moved", "now")

    def __init__(self, wall: Moment) -> None:
        """``wall``: the wall clock when the partition was assigned to this process."""
        self.now: Moment | None = None
        """The clock; None until an event of ours has been seen, or the partition is read to its end and quiet."""
        self._moved = wall

    def observe(self, occurred: Moment, arrived: Moment, wall: Moment) -> Moment | None:
        """Take in an event of ours. ``arrived``: when the server received it, else the broker, else the wall clock."""
        self._moved = wall
        if occurred <= arrived + MAX_CLOCK_LEAD and (self.now is None or occurred > self.now):
            self.now = occurred
        return self.now

    def rest(self, wall: Moment) -> Moment | None:
        """Note that the partition is read to its end."""
        if wall - self._moved >= QUIET_AFTER and (self.now is None or wall >= self.now + QUIET_STEP):
            self.now = wall
        return self.now


def clock_without_one(occurred: Moment, arrived: Moment) -> Moment:
    """The clock for an event whose partition has none yet: its own date, as far as that can be right (rule T7)."""
    return min(occurred, arrived + MAX_CLOCK_LEAD)
