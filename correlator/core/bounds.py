"""Bounded state: a subject that never stops starting must not grow for ever."""

from correlator.core.codec import encode
from correlator.core.lifecycle import EVICTED, Lifecycle, Outcome
from correlator.core.pairing import Whole, assemble
from correlator.core.publication import END_OF_TIME, as_it_stands
from correlator.core.rules import Rules
from correlator.core.state import Known, KnownStart, SubjectState
from correlator.event import Role


def evict(state: SubjectState, rules: Rules) -> list[Lifecycle]:
    """Drop the oldest of what is too much, and return what must be published for it: a start that had not ended is
    `lost` (or `cancelled`), an end that met none is `unmatched`, a cancellation stands alone.
    """
    evicted: list[Lifecycle] = []
    while len(state.starts) > rules.max_starts:
        evicted += _drop(state, state.starts[0], rules)
    while len(state.cancellations) > rules.max_waiting:
        evicted += _drop(state, state.cancellations[0], rules)
    if len(state.ends) > rules.max_waiting:
        waiting = [whole for whole in assemble(state, END_OF_TIME, rules) if whole.start is None and whole.end]
        for whole in waiting[: max(0, len(waiting) - rules.max_waiting)]:
            evicted += _release(state, whole.opening, whole)
    return evicted


def encode_within(state: SubjectState, rules: Rules) -> tuple[bytes, list[Lifecycle]]:
    """The state as a table entry that is not too large, and what had to go for that: the oldest first, all but one."""
    value, evicted = encode(state), list[Lifecycle]()
    while len(value) > rules.max_entry_bytes and len(_all(state)) > 1:
        evicted += _drop(state, min(_all(state), key=lambda known: known.event.occurred), rules)
        value = encode(state)
    return value, evicted


def _all(state: SubjectState) -> list[Known]:
    return [*state.starts, *state.ends, *state.cancellations]


def _drop(state: SubjectState, known: Known, rules: Rules) -> list[Lifecycle]:
    """Drop an event with what belongs to it. Returns what must be published for it."""
    if isinstance(known, KnownStart) and not state.ends and not state.cancellations:  # there may be a thousand to drop
        wholes = {known.event.id: Whole(known)}
    else:
        wholes = {whole.opening.event.id: whole for whole in assemble(state, END_OF_TIME, rules)}
    for opening in (*state.starts, *state.ends):  # what was published as one goes as one, or it would be open again
        if opening is not known and known.event.id in _shown_with(opening):
            whole = wholes[opening.event.id]
            if known is whole.end or known in whole.cancellations:
                return _drop(state, opening, rules)
    # Where it opens nothing, it belongs to what stays, and goes alone.
    return _release(state, known, wholes.get(known.event.id) or _alone(known))


def _release(state: SubjectState, opening: Known, whole: Whole) -> list[Lifecycle]:
    """Drop a lifecycle. Returns it as it now stands, unless that was published."""
    shown_with = _shown_with(opening)
    if opening.shown is not None and shown_with <= _ids(whole):
        # An end that has not been decided yet stays; further cancellations say nothing more.
        _remove(state, {opening.event.id, *shown_with, *(other.event.id for other in whole.cancellations)})
        return []
    _remove(state, _ids(whole))  # also where another start took what it was published with
    return [as_it_stands(state, whole, _outcome(whole), f"{EVICTED}{opening.event.id}")]


def _shown_with(opening: Known) -> set[str]:
    shown = opening.shown
    return set() if shown is None else {id_ for id_ in (shown.end, shown.cancellation) if id_} - {opening.event.id}


def _alone(known: Known) -> Whole:
    """An end or a cancellation by itself."""
    if known.event.role is Role.END:
        return Whole(end=known)
    return Whole(cancellations=[known])


def _outcome(whole: Whole) -> Outcome:
    if whole.cancellations:
        return Outcome.CANCELLED
    if whole.start is None:
        return Outcome.UNMATCHED
    return Outcome.LOST if whole.end is None else Outcome.COMPLETED


def _ids(whole: Whole) -> set[str]:
    return {known.event.id for known in (whole.start, whole.end, *whole.cancellations) if known is not None}


def _remove(state: SubjectState, gone: set[str]) -> None:
    state.starts[:] = [start for start in state.starts if start.event.id not in gone]
    state.ends[:] = [end for end in state.ends if end.event.id not in gone]
    state.cancellations[:] = [other for other in state.cancellations if other.event.id not in gone]
