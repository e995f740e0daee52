"""The common life, a start alone and the end that names it: a third of the general way's price, and the same result."""

from correlator.core.decision import Decision, Fate
from correlator.core.lifecycle import Lifecycle, MatchedBy, Outcome
from correlator.core.rules import Rules
from correlator.core.state import Known, KnownStart, Shown, SubjectState
from correlator.event import Event, Role


def open_first(state: SubjectState, event: Event, clock: int, passed: tuple[Lifecycle, ...], rules: Rules) -> Decision:
    """A start of which nothing else is known yet."""
    state.due = clock + rules.limit(event.kind)
    state.starts.append(KnownStart(event, clock, state.due))
    return Decision(state, passed, Fate.OPENED)


def ends_the_only_one(state: SubjectState, event: Event) -> bool:
    """Whether an open start is all that is known, and the event names it."""
    if len(state.starts) != 1 or state.ends or state.cancellations:
        return False
    (start,) = state.starts
    return event.follows == start.event.id and event.role is Role.END and start.shown is None


def end_the_only_one(state: SubjectState, event: Event, clock: int, rules: Rules) -> Decision:
    """The end of the only one."""
    (start,) = state.starts
    start.shown = Shown(Outcome.COMPLETED, MatchedBy.FOLLOWS, False, event.id, None, None)
    start.forget_at = state.due = max(clock, start.clock) + rules.remember
    state.ends.append(Known(event, clock, clock + rules.grace))
    lifecycle = Lifecycle(
        state.kind,
        state.subject,
        Outcome.COMPLETED,
        MatchedBy.FOLLOWS,
        False,
        start.event.truncated or event.truncated,
        start.event,
        event,
        None,
        None,
        event.id,
        None,
    )
    return Decision(state, (lifecycle,), Fate.DECIDED)
