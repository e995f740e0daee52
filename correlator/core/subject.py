"""Deciding: a subject's state and an event, or the passing of time, in; its state and what is to be published, out."""

from bisect import insort
from typing import Final

from correlator.core.bounds import evict
from correlator.core.common_life import end_the_only_one, ends_the_only_one, open_first
from correlator.core.decision import Decision, Fate
from correlator.core.lifecycle import Lifecycle
from correlator.core.publication import Occasion, pass_time, settle
from correlator.core.rules import Rules
from correlator.core.state import Remembered, RememberedStart, SubjectState, Successor
from correlator.event import Details, Event, Kind, Role
from correlator.moments import END_OF_TIME, Moment

_START: Final = Role.START


def on_event(
    state: SubjectState, event: Event, details: Details, clock: Moment, watermark: Moment | None, rules: Rules
) -> Decision:
    """Decide an event that came by a raw partition whose clock is ``clock``, at a low watermark, if there is one
    yet. What that watermark has made due comes first: it was due before the event, whoever heard of it later.
    """
    passed: list[Lifecycle] = []
    if watermark is not None and state.due is not None and state.due < watermark:
        passed = pass_time(state, watermark, rules)
    if state.empty:
        state.details = details
        if event.role is _START:
            return open_first(state, event, clock, tuple(passed), rules)
    elif not passed and ends_the_only_one(state, event):
        return end_the_only_one(state, event, details, clock, rules)
    elif state.knows(event.id):
        return Decision(state=state, lifecycles=tuple(passed), fate=Fate.DUPLICATE)
    own_details = None if details == state.details else details
    if event.role is _START:
        _add_start(state, RememberedStart(event, own_details, clock, clock + rules.limit(state.kind)), rules)
        fate = Fate.OPENED
        if _only_opens(state, event):
            return Decision(state=state, lifecycles=(*passed, *evict(state, rules)), fate=fate)
    else:
        _add_other(state, Remembered(event, own_details, clock, clock + rules.grace))
        fate = Fate.WAITING
    evicted = evict(state, rules)
    occasion = Occasion(seen=watermark, watermark=watermark, now=clock, event_id=event.id)
    published = settle(state, occasion, rules)
    if fate is Fate.WAITING and any(event is it for one in published for it in (one.end, one.cancellation)):
        fate = Fate.DECIDED
    return Decision(state=_kept(state), lifecycles=(*passed, *evicted, *published), fate=fate)


def on_watermark(state: SubjectState, watermark: Moment, rules: Rules) -> Decision:
    """Decide what is due at a low watermark."""
    published = pass_time(state, watermark, rules)
    return Decision(state=_kept(state), lifecycles=tuple(published))


def on_end_of_input(state: SubjectState, rules: Rules) -> Decision:
    """No more events will come: ends that have several candidates need not wait for any (rule T8). Nothing else becomes
    due by it.
    """
    if not state.ends:
        return Decision(state=_kept(state))
    latest = max(known.event.occurred for known in state.ends)
    published = settle(state, Occasion(seen=END_OF_TIME, watermark=None, now=latest), rules)
    return Decision(state=_kept(state), lifecycles=tuple(published))


def _kept(state: SubjectState) -> SubjectState | None:
    return None if state.empty else state


def _order(known: Remembered) -> tuple[Moment, str]:
    return known.event.occurred, known.event.id


def _turn(end: Remembered) -> tuple[Moment, str]:
    return end.turn


def _add_other(state: SubjectState, known: Remembered) -> None:
    if known.event.role is Role.END:
        insort(state.ends, known, key=_turn)
    else:
        insort(state.cancellations, known, key=_order)


def _add_start(state: SubjectState, start: RememberedStart, rules: Rules) -> None:
    insort(state.starts, start, key=_order)
    if state.kind is Kind.WORKER and rules.worker_names_shared:
        return
    place = state.starts.index(start)
    if place > 0:
        _succeed(state.starts[place - 1], start, rules)
    if place + 1 < len(state.starts):
        _succeed(start, state.starts[place + 1], rules)


def _succeed(start: RememberedStart, by: RememberedStart, rules: Rules) -> None:
    """A newer start came: the older has ``grace`` from then for its end, by the later of the clocks that the two came
    by, in whatever order they came. The next after it is the one that is named (rule O3).
    """
    known = start.successor
    supersedes_at = max(start.clock, by.clock) + rules.grace
    if known is not None:
        supersedes_at = min(supersedes_at, known.supersedes_at)
        if by.event.occurred > known.occurred:
            start.successor = Successor(known.id, known.occurred, supersedes_at)
            return
    start.successor = Successor(by.event.id, by.event.occurred, supersedes_at)


def _only_opens(state: SubjectState, event: Event) -> bool:
    """Whether a start is the newest and nothing else is known but starts, the one before it open: then no lifecycle
    changes. A resource id that starts without end thus costs little each time, however much of it is remembered.
    """
    if state.ends or state.cancellations or state.starts[-1].event is not event:
        return False
    *_, before, newest = state.starts
    if before.version is not None:
        return False
    superseded_at = None if before.successor is None else before.successor.supersedes_at
    state.due = min(due for due in (state.due, superseded_at, newest.deadline) if due is not None)
    return True
