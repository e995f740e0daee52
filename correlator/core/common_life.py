"""The common life, a start alone and the end that names it: a third of the general way's price, and the same result."""

from typing import Final

from correlator.core.decision import Decision, Fate
from correlator.core.lifecycle import Lifecycle, MatchedBy, Outcome
from correlator.core.rules import Rules
from correlator.core.state import Remembered, RememberedStart, SubjectState, Version
from correlator.event import Details, Event, Role
from correlator.moments import Moment

_END: Final = Role.END
_OPENED, _DECIDED = Fate.OPENED, Fate.DECIDED
_COMPLETED, _FOLLOWS = Outcome.COMPLETED, MatchedBy.FOLLOWS


def open_first(
    state: SubjectState, event: Event, clock: Moment, passed: tuple[Lifecycle, ...], rules: Rules
) -> Decision:
    """A start of which nothing else is known yet."""
    state.due = deadline = clock + rules.limit(state.kind)
    state.starts.append(RememberedStart(event, None, clock, deadline))
    return Decision(state=state, lifecycles=passed, fate=_OPENED)


def ends_the_only_one(state: SubjectState, event: Event) -> bool:
    """Whether an open start is all that is known, and the event names it."""
    if event.role is not _END or len(state.starts) != 1 or state.ends or state.cancellations:
        return False
    start = state.starts[0]
    return event.follows == start.event.id and start.version is None and event.id != start.event.id


def end_the_only_one(state: SubjectState, event: Event, details: Details, clock: Moment, rules: Rules) -> Decision:
    """The end of the only one."""
    (start,) = state.starts
    end = Remembered(event, None if details == state.details else details, clock, clock + rules.grace)
    start.version = Version(_COMPLETED, _FOLLOWS, False, event.id, None, None)
    start.forget_at = state.due = max(clock, start.clock) + rules.remember
    state.ends.append(end)
    lifecycle = Lifecycle(
        kind=state.kind,
        subject=state.subject,
        outcome=_COMPLETED,
        matched_by=_FOLLOWS,
        start=start.event,
        end=event,
        cause=event.id,
        told=(state.details,) if start.details is end.details is None else state.told_by(start, end),
    )
    return Decision(state=state, lifecycles=(lifecycle,), fate=_DECIDED, rests=True)
