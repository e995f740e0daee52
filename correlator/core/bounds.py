"""Bounded state: a subject that never stops starting must not grow for ever (DESIGN section 2, "Bounds")."""

from correlator.core.codec import encode
from correlator.core.lifecycle import Lifecycle, Outcome
from correlator.core.rules import Rules
from correlator.core.state import Known, SubjectState
from correlator.event import Role

_ALONE = {Role.START: Outcome.LOST, Role.END: Outcome.UNMATCHED, Role.CANCELLATION: Outcome.CANCELLED}


def evict(state: SubjectState, rules: Rules) -> list[Lifecycle]:
    """Drop the oldest of what is too much: a start that had not ended is `lost`, an end or a cancellation that waited
    is published alone.
    """
    evicted: list[Lifecycle] = []
    while len(state.starts) > rules.max_starts:
        evicted += _drop(state, state.starts[0])
    for waiting in (state.ends, state.cancellations):
        while len(waiting) > rules.max_waiting + len(state.starts):
            evicted += _drop(state, waiting[0])
    return evicted


def encode_within(state: SubjectState, rules: Rules) -> tuple[bytes, list[Lifecycle]]:
    """The state as a table entry that is not too large, and what had to go for that: the oldest first, all but one."""
    value, evicted = encode(state), list[Lifecycle]()
    while len(value) > rules.max_entry_bytes and len(_all(state)) > 1:
        evicted += _drop(state, min(_all(state), key=lambda known: known.event.occurred))
        value = encode(state)
    return value, evicted


def _all(state: SubjectState) -> list[Known]:
    return [*state.starts, *state.ends, *state.cancellations]


def _drop(state: SubjectState, known: Known) -> list[Lifecycle]:
    for opening in (*state.starts, *state.ends):  # what was published as one goes as one, or it would be open again
        if opening is not known and known.event.id in _shown_with(opening):
            return _drop(state, opening)
    gone = {known.event.id, *_shown_with(known)}
    state.starts[:] = [start for start in state.starts if start is not known]
    state.ends[:] = [end for end in state.ends if end.event.id not in gone]
    state.cancellations[:] = [other for other in state.cancellations if other.event.id not in gone]
    return [] if known.shown is not None else [_evicted(state, known, _ALONE[known.event.role])]


def _shown_with(opening: Known) -> tuple[str | None, ...]:
    return (opening.shown.end, opening.shown.cancellation) if opening.shown is not None else ()


def _evicted(state: SubjectState, known: Known, outcome: Outcome) -> Lifecycle:
    event = known.event
    return Lifecycle(
        kind=state.kind,
        subject=state.subject,
        outcome=outcome,
        matched_by=None,
        ambiguous=False,
        truncated=event.truncated,
        start=event if outcome is Outcome.LOST else None,
        end=event if outcome is Outcome.UNMATCHED else None,
        cancellation=event if outcome is Outcome.CANCELLED else None,
        superseded_by=None,
        cause=f"evicted:{event.id}",
        amended=False,
    )
