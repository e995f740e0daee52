"""A lifecycle as it stands: what `pairing`, `witnesses` and `cancelling` find to belong together."""

from bisect import bisect_right
from collections.abc import Sequence

from msgspec import Struct

from correlator.core.lifecycle import MatchedBy
from correlator.core.rules import Rules
from correlator.core.state import Remembered, RememberedStart
from correlator.event import State, StateType
from correlator.moments import Moment


class WitnessedEnd(Struct, frozen=True, eq=False):
    """The best word of a witness on when a run ended, for want of its worker's (rule W2)."""

    known: Remembered
    counts_at: Moment
    """The low watermark from which it counts: nobody better has spoken by then."""
    at_once: bool
    """Whether nobody better is waited for."""


class Testimony(Struct, eq=False):
    """What the witnesses of a run say of one of its submits."""

    all: list[Remembered] = []
    creation: Remembered | None = None
    """The first."""
    running: Remembered | None = None
    """The first."""
    resumed: Remembered | None = None
    """The last time that the flow began to run."""
    over: Remembered | None = None
    """The first terminal state since then."""
    state: Remembered | None = None
    """The last one, of those not long after it."""
    phase: Remembered | None = None
    """The last phase of all its pods or tasks, where that is an end, and the flow has not run since."""
    witnessed_end: WitnessedEnd | None = None
    foreign: list[Remembered] = []
    """What turns out to be dated long after its end."""

    @property
    def counted(self) -> list[Remembered]:
        """Those that a record tells of."""
        return [known for known in (self.creation, self.running, self.state, self.phase) if known is not None]


class Assembled(Struct, eq=False):
    """A start, an end or a cancellation, with what belongs to it."""

    start: RememberedStart | None = None
    end: Remembered | None = None
    """Its worker's word."""
    matched_by: MatchedBy | None = None
    ambiguous: bool = False
    cancellations: list[Remembered] = []
    testimony: Testimony | None = None
    """What witnesses say; None where none spoke."""
    decides: Moment | None = None
    """The low watermark at which it is decided which of several starts is that of an end, or of one before it."""
    cancelled_at: Moment | None = None
    """When a start is published as cancelled, if it has no end by then."""

    @property
    def opening(self) -> Remembered:
        """The event that gives it its identity."""
        return self.start or self.end or self.cancellations[0]

    @property
    def events(self) -> list[Remembered]:
        """All that belong together."""
        told = [known for known in (self.start, self.end, *self.cancellations) if known is not None]
        return told if self.testimony is None else told + self.testimony.all

    @property
    def witnessed_end(self) -> WitnessedEnd | None:
        """What a witness says of its end."""
        return None if self.testimony is None else self.testimony.witnessed_end

    @property
    def ended(self) -> Remembered | None:
        """The best word on its end, whether it counts yet or not."""
        if self.end is not None or self.witnessed_end is None:
            return self.end
        return self.witnessed_end.known

    @property
    def cancellation(self) -> Remembered | None:
        """What first said that it was cancelled: a runner, a worker, or its flow run's state (rule O2)."""
        first = self.cancellations[0] if self.cancellations else None
        state = None if self.testimony is None else self.testimony.state
        if state is None or not isinstance(state.event.said, State) or state.event.said.type is not StateType.CANCELLED:
            return first
        return state if first is None or state.event.occurred < first.event.occurred else first

    def endless_until(self, start: RememberedStart, rules: Rules) -> Moment:
        """Until when its start is remembered if its worker says no end."""
        if start.endless_until:
            return start.endless_until
        closes = self.cancelled_at or start.settles if self.witnessed_end is None else self.witnessed_end.counts_at
        return closes + rules.remember


def began(life: Assembled) -> Moment:
    """When its opening event occurred."""
    return life.opening.event.occurred


def latest(begun: Sequence[Assembled], at: Moment) -> Assembled | None:
    """The lifecycle with the latest start not after a moment, unless a later one is forgotten that was not after it,
    either (rules C1 and W3). ``begun``: those with a start, in order.
    """
    place = bisect_right(begun, at, key=began)
    if not place:
        return None
    life = begun[place - 1]
    successor = None if life.start is None else life.start.successor
    return None if successor is not None and successor.occurred <= at else life
