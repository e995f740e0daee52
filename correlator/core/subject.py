"""Deciding: a subject's state and an event, or the passing of time, in; its state and what is to be published, out."""

from bisect import insort

from correlator.core.bounds import evict
from correlator.core.common_life import end_the_only_one, ends_the_only_one, open_first
from correlator.core.decision import Decision, Fate
from correlator.core.lifecycle import Lifecycle
from correlator.core.publication import END_OF_TIME, pass_time, settle
from correlator.core.rules import Rules
from correlator.core.state import Known, KnownStart, SubjectState
from correlator.event import Event, Kind, Role


def on_event(state: SubjectState | None, event: Event, clock: int, watermark: int | None, rules: Rules) -> Decision:
    """Decide an event that came by a raw partition whose clock is ``clock``, at a low watermark, if there is one
    yet. What that watermark has made due comes first: it was due before the event, whoever heard of it later.
    """
    passed: list[Lifecycle] = []
    if state is not None and watermark is not None and state.due is not None and state.due < watermark:
        passed = pass_time(state, watermark, rules)
    if state is None or state.empty:
        state = SubjectState(event.kind, event.subject)
        if event.role is Role.START:
            return open_first(state, event, clock, tuple(passed), rules)
    elif state.knows(event.id):
        return Decision(state, tuple(passed), Fate.DUPLICATE)
    elif not passed and ends_the_only_one(state, event):
        return end_the_only_one(state, event, clock, rules)
    if event.role is Role.START:
        _add_start(state, event, clock, rules)
        fate = Fate.OPENED
        if _only_opens(state, event):
            return Decision(state, (*passed, *evict(state, rules)), fate)
    else:
        known = Known(event, clock, clock + rules.grace)
        if event.role is Role.END:
            insort(state.ends, known, key=lambda end: end.turn)
        else:
            insort(state.cancellations, known, key=_order)
        fate = Fate.WAITING
    evicted = evict(state, rules)
    published = settle(state, watermark, watermark, rules, event.id, clock)
    if fate is Fate.WAITING and any(event in (lifecycle.end, lifecycle.cancellation) for lifecycle in published):
        fate = Fate.DECIDED
    return Decision(_kept(state), (*passed, *evicted, *published), fate)


def on_watermark(state: SubjectState, watermark: int, rules: Rules) -> Decision:
    """Decide what is due at a low watermark."""
    published = pass_time(state, watermark, rules)
    return Decision(_kept(state), tuple(published))


def on_end_of_input(state: SubjectState, rules: Rules) -> Decision:
    """No more events will come: ends that have several candidates need not wait for any. Nothing else becomes due by
    it.
    """
    published = (
        settle(state, END_OF_TIME, None, rules, None, max(known.event.occurred for known in state.ends))
        if state.ends
        else []
    )
    return Decision(_kept(state), tuple(published))


def _order(known: Known) -> tuple[int, str]:
    return known.event.occurred, known.event.id


def _kept(state: SubjectState) -> SubjectState | None:
    return None if state.empty else state


def _add_start(state: SubjectState, event: Event, clock: int, rules: Rules) -> None:
    start = KnownStart(event, clock, clock + rules.limit(event.kind))
    insort(state.starts, start, key=_order)
    if event.kind is Kind.WORKER and rules.worker_names_shared:
        return
    place = state.starts.index(start)
    if place > 0:
        _succeed(state.starts[place - 1], start, rules)
    if place + 1 < len(state.starts):
        _succeed(start, state.starts[place + 1], rules)


def _only_opens(state: SubjectState, event: Event) -> bool:
    """Whether a start is the newest and nothing else is known but starts, the one before it open: then no lifecycle
    changes.
    A resource id that starts without end thus costs little each time, however much of it is remembered.
    """
    if state.ends or state.cancellations or state.starts[-1].event is not event:
        return False
    *_, before, newest = state.starts
    if before.shown is not None:
        return False
    state.due = min(due for due in (state.due, before.supersede_at, newest.deadline) if due is not None)
    return True


def _succeed(start: KnownStart, by: KnownStart, rules: Rules) -> None:
    """A newer start came: the older has ``grace`` from then for its end, by the later of the clocks that the two came
    by, in whatever order they came. The next after it is the one that is named.
    """
    supersede_at = max(start.clock, by.clock) + rules.grace
    if start.supersede_at is None or supersede_at < start.supersede_at:
        start.supersede_at = supersede_at
    if start.next_start is None or by.event.occurred <= start.next_start_occurred:
        start.next_start, start.next_start_occurred = by.event.id, by.event.occurred
