"""Deciding: a subject's state and an event, or the passing of time, in; its state and what is to be published, out."""

from bisect import insort
from enum import StrEnum
from typing import NamedTuple

from correlator.core.bounds import evict
from correlator.core.lifecycle import Lifecycle, MatchedBy, Outcome
from correlator.core.pairing import Whole, assemble, could_follow
from correlator.core.rules import Rules
from correlator.core.settling import Standing, stand
from correlator.core.state import Known, KnownStart, Shown, SubjectState
from correlator.event import Event, Kind, Role

END_OF_TIME = 1 << 62
"""A low watermark that everything has passed."""


class Fate(StrEnum):
    """What became of an event, for the counters: of N events, each has one."""

    OPENED = "opened"
    DECIDED = "decided"
    WAITING = "waiting"
    DUPLICATE = "duplicate"


class Decision(NamedTuple):
    """What follows from an event, or from time."""

    state: SubjectState | None
    """What is to be remembered; None for nothing."""
    lifecycles: tuple[Lifecycle, ...]
    """What is to be published."""
    fate: Fate = Fate.DECIDED
    """Of the event, if it was one."""


def on_event(state: SubjectState | None, event: Event, clock: int, watermark: int | None, rules: Rules) -> Decision:
    """Decide an event that came by a raw partition whose clock is ``clock``, at a low watermark, if there is one
    yet. What that watermark has made due comes first: it was due before the event, whoever heard of it later.
    """
    passed: list[Lifecycle] = []
    if state is not None and watermark is not None and state.due is not None and state.due < watermark:
        passed = _pass(state, watermark, rules)
    if state is None or state.empty:
        state = SubjectState(event.kind, event.subject)
        if event.role is Role.START:
            return _open_first(state, event, clock, tuple(passed), rules)
    elif state.knows(event.id):
        return Decision(state, tuple(passed), Fate.DUPLICATE)
    elif not passed and _ends_the_only_one(state, event):
        return _end_the_only_one(state, event, clock, rules)
    if event.role is Role.START:
        _add_start(state, event, clock, rules)
        fate = Fate.OPENED
    else:
        known = Known(event, clock + rules.grace)
        insort(state.ends if event.role is Role.END else state.cancellations, known, key=_order)
        fate = Fate.WAITING
    evicted = evict(state, rules)
    published = _settle(state, watermark, watermark, rules, event.id, clock)
    if fate is Fate.WAITING and any(_concerns(lifecycle, event) for lifecycle in published):
        fate = Fate.DECIDED
    return Decision(_kept(state), (*passed, *evicted, *published), fate)


def _open_first(
    state: SubjectState, event: Event, clock: int, passed: tuple[Lifecycle, ...], rules: Rules
) -> Decision:
    """The common beginning, at a third of the general way's price, and with the same result."""
    state.due = clock + rules.limit(event.kind)
    state.starts.append(KnownStart(event, state.due))
    return Decision(state, passed, Fate.OPENED)


def _ends_the_only_one(state: SubjectState, event: Event) -> bool:
    """Whether an open start is all that is known, and the event names it."""
    if len(state.starts) != 1 or state.ends or state.cancellations:
        return False
    (start,) = state.starts
    return event.follows == start.event.id and event.role is Role.END and start.shown is None


def _end_the_only_one(state: SubjectState, event: Event, clock: int, rules: Rules) -> Decision:
    """The common end, likewise."""
    (start,) = state.starts
    start.shown = Shown(Outcome.COMPLETED, MatchedBy.FOLLOWS, False, event.id, None, None)
    start.forget = state.due = clock + rules.remember
    state.ends.append(Known(event, clock + rules.grace))
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
        False,
    )
    _merge(start, state.ends[0])
    return Decision(state, (lifecycle,), Fate.DECIDED)


def _merge(start: KnownStart, end: Known) -> None:
    """Keep what the two tell once. Only where the end names the start: nothing will part them, and an amendment is to be
    published whole.
    """
    start.event = start.event._replace(details=end.event.details | start.event.details)
    end.event = end.event._replace(details={})


def on_watermark(state: SubjectState, watermark: int, rules: Rules) -> Decision:
    """Decide what is due at a low watermark."""
    published = _pass(state, watermark, rules)
    return Decision(_kept(state), tuple(published))


def on_end_of_input(state: SubjectState, rules: Rules) -> Decision:
    """No more events will come: ends that have several candidates need not wait for any. Nothing else becomes due by
    it.
    """
    published = (
        _settle(state, END_OF_TIME, None, rules, None, max(known.event.occurred for known in state.ends))
        if state.ends
        else []
    )
    return Decision(_kept(state), tuple(published))


def open_lifecycles(state: SubjectState, rules: Rules) -> list[Lifecycle]:
    """The subject's lifecycles that have not ended, as they stand."""
    return [
        _lifecycle(state, whole, _version(whole, None), "open")
        for whole in assemble(state, END_OF_TIME, rules)
        if stand(whole, None).outcome is None
    ]


def due_at(state: SubjectState) -> int | None:
    """The low watermark that something of the subject waits for: it is due when that is passed."""
    return state.due


def _order(known: Known) -> tuple[int, str]:
    return known.event.occurred, known.event.id


def _kept(state: SubjectState) -> SubjectState | None:
    return None if state.empty else state


def _concerns(lifecycle: Lifecycle, event: Event) -> bool:
    return event in (lifecycle.end, lifecycle.cancellation)


def _add_start(state: SubjectState, event: Event, clock: int, rules: Rules) -> None:
    start = KnownStart(event, clock + rules.limit(event.kind))
    insort(state.starts, start, key=_order)
    if event.kind is Kind.WORKER and rules.worker_names_shared:
        return
    place = state.starts.index(start)
    if place > 0:
        _overtake(state.starts[place - 1], start, clock, rules)
    if place + 1 < len(state.starts):
        _overtake(start, state.starts[place + 1], clock, rules)


def _overtake(start: KnownStart, by: KnownStart, clock: int, rules: Rules) -> None:
    """A newer start came: the older has ``grace`` from now for its end. The next after it counts, in whatever order
    they came.
    """
    if start.overtaken is None:
        start.overtaken = clock + rules.grace
    if start.overtaken_by is None or by.event.occurred <= start.overtaken_at:
        start.overtaken_by, start.overtaken_at = by.event.id, by.event.occurred


def _pass(state: SubjectState, watermark: int, rules: Rules) -> list[Lifecycle]:
    """Let time pass up to a low watermark: one deadline after the other, so that it is the same in how many steps it
    went.
    """
    published: list[Lifecycle] = []
    while state.due is not None and state.due < watermark:
        moment = state.due + 1
        published += _settle(state, moment, moment, rules, None, moment)
    return published


def _settle(
    state: SubjectState, seen: int | None, watermark: int | None, rules: Rules, event_id: str | None, now: int
) -> list[Lifecycle]:
    """Publish what has settled or changed, forget what was remembered for long enough, and note what is due next.

    ``seen``: up to when all events are known; the low watermark, but at the end of the input.
    """
    published: list[Lifecycle] = []
    dues: list[int] = []
    wholes = assemble(state, seen, rules)
    for whole in wholes:
        standing = stand(whole, watermark)
        if standing.outcome is None:
            if standing.due is not None:
                dues.append(standing.due)
            continue
        version = _version(whole, standing.outcome)
        opening = whole.opening
        if version != opening.shown:
            published.append(_lifecycle(state, whole, version, _cause(whole, standing, event_id)))
            opening.shown = version
            opening.forget = (now if standing.since is None else standing.since) + rules.remember
            if whole.start is None:
                opening.spent = True
        if watermark is not None and opening.forget < watermark:
            _forget(state, whole, [other.start for other in wholes if other.start and not other.end], rules)
        else:
            dues.append(opening.forget)
    state.due = min(dues, default=None)
    return published


def _version(whole: Whole, outcome: Outcome | None) -> Shown:
    return Shown(
        outcome,
        whole.matched_by,
        whole.ambiguous,
        None if whole.end is None else whole.end.event.id,
        whole.cancellations[0].event.id if whole.cancellations else None,
        whole.start.overtaken_by if whole.start is not None and outcome is Outcome.SUPERSEDED else None,
    )


def _cause(whole: Whole, standing: Standing, event_id: str | None) -> str:
    if standing.deadline is not None:
        return standing.deadline
    if event_id is not None:
        return event_id
    return f"decided:{whole.end.event.id if whole.end is not None else whole.opening.event.id}"


def _lifecycle(state: SubjectState, whole: Whole, version: Shown, cause: str) -> Lifecycle:
    start, end, cancellation = (
        None if known is None else known.event
        for known in (whole.start, whole.end, next(iter(whole.cancellations), None))
    )
    return Lifecycle(
        state.kind,
        state.subject,
        version.outcome,
        version.matched_by,
        version.ambiguous,
        any(event.truncated for event in (start, end, cancellation) if event is not None),
        start,
        end,
        cancellation,
        version.superseded_by,
        cause,
        whole.opening.shown is not None,
    )


def _forget(state: SubjectState, whole: Whole, unmatched: list[KnownStart], rules: Rules) -> None:
    if whole.start is not None:
        state.starts.remove(whole.start)
    if whole.end is not None:
        state.ends.remove(whole.end)
    for cancellation in whole.cancellations:
        state.cancellations.remove(cancellation)
    if whole.end is not None and whole.matched_by is MatchedBy.RESOURCE:
        for start in unmatched:  # what it passed over remains ambiguous
            if could_follow(whole.end, start, rules):
                start.passed_over = True
