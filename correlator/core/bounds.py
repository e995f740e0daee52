"""Bounded state: a subject that never stops starting must not grow for ever (DESIGN section 2, "Bounds")."""

from correlator.core.codec import encode
from correlator.core.lifecycle import Lifecycle, Outcome
from correlator.core.rules import Rules
from correlator.core.state import Known, KnownStart, SubjectState


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
    shown = known.shown
    if isinstance(known, KnownStart):
        state.starts.remove(known)
        if shown is not None:  # its lifecycle was published whole: what belongs to it goes with it
            state.ends[:] = [end for end in state.ends if end.event.id != shown.end]
            state.cancellations[:] = [other for other in state.cancellations if other.event.id != shown.cancellation]
            return []
        return [_evicted(state, known, Outcome.LOST)]
    is_end = any(end is known for end in state.ends)
    (state.ends if is_end else state.cancellations).remove(known)
    if shown is not None or any(start.shown and known.event.id in start.shown for start in state.starts):
        return []
    return [_evicted(state, known, Outcome.UNMATCHED if is_end else Outcome.CANCELLED)]


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
