"""A lifecycle, assembled from a subject's events by `pairing`, `witnesses` and `cancelling`."""

from bisect import bisect_right
from collections.abc import Sequence

from msgspec import Struct

from correlator.core.lifecycle import MatchedBy
from correlator.core.rules import Rules
from correlator.core.state import Remembered, RememberedStart
from correlator.event import State, StateType
from correlator.moments import Moment


class WitnessedEnd(Struct, frozen=True, eq=False):
    """When a run ended according to its best witness, used while its worker has reported no end (rule W2)."""

    known: Remembered
    counts_at: Moment
    """The low watermark at which it counts: a better witness would have spoken by then."""
    at_once: bool
    """Whether it counts at once, because no better witness can be expected."""


class Testimony(Struct, eq=False):
    """What the witnesses of a run say about one of its submits."""

    all: list[Remembered] = []
    creation: Remembered | None = None
    """The first creation."""
    running: Remembered | None = None
    """The first RUNNING."""
    resumed: Remembered | None = None
    """The last RUNNING that counts: since then, the flow has not begun to run again."""
    over: Remembered | None = None
    """The first terminal state since then."""
    state: Remembered | None = None
    """The last terminal state, leaving out those that cancel long after the end."""
    phase: Remembered | None = None
    """The last phase of all its pods or tasks, if that is an end and the flow has not run since."""
    witnessed_end: WitnessedEnd | None = None
    foreign: list[Remembered] = []
    """Events dated so long after the end that they are not about this submit."""

    @property
    def counted(self) -> list[Remembered]:
        """The events that the record reports."""
        return [known for known in (self.creation, self.running, self.state, self.phase) if known is not None]


class Assembled(Struct, eq=False):
    """A start, an end or a cancellation, with everything that belongs to it."""

    start: RememberedStart | None = None
    end: Remembered | None = None
    """The end that its worker reported."""
    matched_by: MatchedBy | None = None
    ambiguous: bool = False
    cancellations: list[Remembered] = []
    testimony: Testimony | None = None
    """What witnesses say; None if none has spoken."""
    decides: Moment | None = None
    """For an end that has several candidate starts, or waits for an earlier end that has: the low watermark at which
    its start is chosen."""
    cancelled_at: Moment | None = None
    """When the start is published as cancelled, unless its end comes first."""

    @property
    def opening(self) -> Remembered:
        """The event that gives the lifecycle its identity."""
        return self.start or self.end or self.cancellations[0]

    @property
    def events(self) -> list[Remembered]:
        """All its events."""
        told = [known for known in (self.start, self.end, *self.cancellations) if known is not None]
        return told if self.testimony is None else told + self.testimony.all

    @property
    def witnessed_end(self) -> WitnessedEnd | None:
        """Its end according to a witness."""
        return None if self.testimony is None else self.testimony.witnessed_end

    @property
    def ended(self) -> Remembered | None:
        """The best report of its end, whether it counts yet or not."""
        if self.end is not None or self.witnessed_end is None:
            return self.end
        return self.witnessed_end.known

    @property
    def cancellation(self) -> Remembered | None:
        """The earliest event that says it was cancelled: by a runner, a worker, or the flow run's state (rule O2)."""
        first = self.cancellations[0] if self.cancellations else None
        state = None if self.testimony is None else self.testimony.state
        if state is None or not isinstance(state.event.said, State) or state.event.said.type is not StateType.CANCELLED:
            return first
        return state if first is None or state.event.occurred < first.event.occurred else first

    def endless_until(self, start: RememberedStart, rules: Rules) -> Moment:
        """Until when its start is remembered if its worker reports no end."""
        if start.endless_until:
            return start.endless_until
        closes = self.cancelled_at or start.settles if self.witnessed_end is None else self.witnessed_end.counts_at
        return closes + rules.remember


def began(life: Assembled) -> Moment:
    """When its opening event occurred."""
    return life.opening.event.occurred


def latest(begun: Sequence[Assembled], at: Moment) -> Assembled | None:
    """The lifecycle with the latest start not after ``at``; None if that start has been forgotten (rules C1 and W3).
    ``begun``: the lifecycles with a start, in order.
    """
    place = bisect_right(begun, at, key=began)
    if not place:
        return None
    life = begun[place - 1]
    successor = None if life.start is None else life.start.successor
    return None if successor is not None and successor.occurred <= at else life
