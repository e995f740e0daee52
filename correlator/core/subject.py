"""Decisions for one subject: its state and an event, or the passing of time, go in; its new state and what to publish
come out.
"""

from bisect import insort
from operator import attrgetter
from typing import Final

from correlator.core.bounds import evict
from correlator.core.common_life import end_the_only_one, ends_the_only_one, open_first
from correlator.core.common_witness import tell_of_the_only_one, tells_of_the_only_one
from correlator.core.decision import Decision, Fate
from correlator.core.publication import Occasion, Settled, pass_time, settle
from correlator.core.rules import Rules
from correlator.core.state import Remembered, RememberedStart, SubjectState, Successor
from correlator.core.testimony import fold
from correlator.event import Details, Event, Kind, Role
from correlator.moments import END_OF_TIME, Moment

_START: Final = Role.START
_WITNESSES: Final = frozenset({Role.CREATION, Role.PHASE, Role.RUNNING, Role.STATE})


def on_event(
    state: SubjectState, event: Event, details: Details, clock: Moment, watermark: Moment | None, rules: Rules
) -> Decision:
    """Decide an event that came by a raw partition with the clock ``clock``.

    What the low watermark, if there is one yet, has made due is decided first: it was due before the event came.
    """
    passed: tuple[Settled, ...] = ()
    if watermark is not None and state.due is not None and state.due < watermark:
        passed = (pass_time(state, watermark, rules),)
    role = event.role
    if state.empty:
        state.details = details
        if role is _START and not passed:
            return open_first(state, event, clock, rules)
    elif not passed and ends_the_only_one(state, event, rules):
        return end_the_only_one(state, event, details, clock, rules)
    elif not passed and role in _WITNESSES and tells_of_the_only_one(state, event, rules):
        return tell_of_the_only_one(state, event, clock, rules)
    elif state.knows(event.id):
        return _decision(state, Fate.DUPLICATE, *passed)
    if role in _WITNESSES:
        if not fold(state.witnesses, Remembered(event, None, clock, clock + rules.grace)):
            return _decision(state, Fate.NOTED, *passed)
    elif role is _START:
        _add_start(state, details, event, clock, rules)
        if _only_opens(state, event):
            return _decision(state, Fate.OPENED, *passed, evict(state, rules))
    else:
        _add_other(state, details, event, clock, rules)
    evicted = evict(state, rules)
    settled = settle(state, Occasion(seen=watermark, watermark=watermark, now=clock, event_id=event.id), rules)
    return _decision(state, Fate.OPENED if role is _START else _fate(event, settled), *passed, evicted, settled)


def on_watermark(state: SubjectState, watermark: Moment, rules: Rules) -> Decision:
    """Decide what a low watermark has made due."""
    return _decision(state, Fate.DECIDED, pass_time(state, watermark, rules))


def on_end_of_input(state: SubjectState, rules: Rules) -> Decision:
    """Decide the ends that wait because they have several candidates: no more events will come (rule T8). Nothing else
    becomes due.
    """
    if not state.ends:
        return _decision(state, Fate.DECIDED)
    latest = max(known.event.occurred for known in state.ends)
    return _decision(state, Fate.DECIDED, settle(state, Occasion(seen=END_OF_TIME, watermark=None, now=latest), rules))


def _decision(state: SubjectState, fate: Fate, *looks: Settled) -> Decision:
    """The decision that sums up several reviews of the subject."""
    return Decision(
        state=None if state.empty else state,
        lifecycles=tuple(lifecycle for settled in looks for lifecycle in settled.published),
        fate=fate,
        unclaimed=sum(settled.unclaimed for settled in looks),
        silent=sum(settled.silent for settled in looks),
        rests=bool(looks) and looks[-1].rests,
    )


def _fate(event: Event, settled: Settled) -> Fate:
    """What became of an event other than a start."""
    if any(event is it for one in settled.published for it in one.events):
        return Fate.DECIDED
    homeless = any(event is known.event for known in settled.homeless)
    return Fate.NOTED if event.role in _WITNESSES and not homeless else Fate.WAITING


def _add_other(state: SubjectState, details: Details, event: Event, clock: Moment, rules: Rules) -> None:
    """Take in an end or a cancellation."""
    known = Remembered(event, _own(state, details), clock, clock + rules.grace)
    if event.role is Role.END:
        insort(state.ends, known, key=attrgetter("turn"))
    else:
        insort(state.cancellations, known, key=attrgetter("order"))


def _own(state: SubjectState, details: Details) -> Details | None:
    """The details of an event, or None if its subject's state holds the same. Details of witnesses are not kept."""
    if not (state.starts or state.ends or state.cancellations):
        state.details = details
    return None if details == state.details else details


def _add_start(state: SubjectState, details: Details, event: Event, clock: Moment, rules: Rules) -> None:
    start = RememberedStart(event, _own(state, details), clock, clock + rules.limit(state.kind))
    insort(state.starts, start, key=attrgetter("order"))
    if state.kind is Kind.WORKER and rules.worker_names_shared:
        return
    place = state.starts.index(start)
    if place > 0:
        _succeed(state.starts[place - 1], start, rules)
    if place + 1 < len(state.starts):
        _succeed(start, state.starts[place + 1], rules)


def _succeed(start: RememberedStart, by: RememberedStart, rules: Rules) -> None:
    """Note that a start is followed by a newer one: it then has ``grace`` for its end, counted from the later of the
    clocks with which the two came, whatever their order. Its record will name the very next start (rule O3).
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
    """Whether a start changes no other lifecycle: only starts are known, it is the newest, and the one before it is
    open. A worker in a crash loop thus costs little per start, however many starts are remembered.
    """
    if state.ends or state.cancellations or state.witnesses or state.starts[-1].event is not event:
        return False
    if len(state.starts) < 2 or event.detached:
        return False
    before, newest = state.starts[-2:]
    if before.version is not None:
        return False
    superseded_at = None if before.successor is None else before.successor.supersedes_at
    state.due = min(due for due in (state.due, superseded_at, newest.deadline) if due is not None)
    return True
