"""Bounded state: a subject that never stops starting must not grow for ever."""

from correlator.core.codec import encode
from correlator.core.lifecycle import EVICTED, Lifecycle, Outcome
from correlator.core.pairing import Whole, assemble
from correlator.core.publication import END_OF_TIME, as_it_stands
from correlator.core.rules import Rules
from correlator.core.settling import stand
from correlator.core.state import Known, KnownStart, SubjectState
from correlator.event import Role

_ALONE = {Role.START: Outcome.LOST, Role.END: Outcome.UNMATCHED, Role.CANCELLATION: Outcome.CANCELLED}


def evict(state: SubjectState, rules: Rules) -> list[Lifecycle]:
    """Drop the oldest of what is too much: a start that had not ended is `lost`, an end or a cancellation that waited
    is published alone.
    """
    evicted: list[Lifecycle] = []
    while len(state.starts) > rules.max_starts:
        evicted += _drop(state, state.starts[0], rules)
    for waiting in (state.ends, state.cancellations):
        while len(waiting) > rules.max_waiting + len(state.starts):
            evicted += _drop(state, waiting[0], rules)
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
    for opening in (*state.starts, *state.ends):  # what was published as one goes as one, or it would be open again
        if opening is not known and known.event.id in _shown_with(opening):
            whole = _whole(state, opening, rules)
            if known is whole.end or known in whole.cancellations:
                return _drop(state, opening, rules)
    shown_with = _shown_with(known)
    if shown_with:
        whole = _whole(state, known, rules)
        if not shown_with <= _ids(whole):  # another start took what it was published with: it goes as it now stands
            _remove(state, _ids(whole))
            return [_evicted(state, whole, stand(whole, None).outcome or Outcome.LOST)]
    _remove(state, {known.event.id, *shown_with})
    return [] if known.shown is not None else [_evicted(state, _alone(known), _ALONE[known.event.role])]


def _shown_with(opening: Known) -> set[str]:
    shown = opening.shown
    return set() if shown is None else {id_ for id_ in (shown.end, shown.cancellation) if id_} - {opening.event.id}


def _whole(state: SubjectState, opening: Known, rules: Rules) -> Whole:
    """What an opening event holds now: perhaps not what it was published with."""
    return next(whole for whole in assemble(state, END_OF_TIME, rules) if whole.opening is opening)


def _alone(known: Known) -> Whole:
    if isinstance(known, KnownStart):
        return Whole(known, None, None, False, [], None)
    if known.event.role is Role.END:
        return Whole(None, known, None, False, [], None)
    return Whole(None, None, None, False, [known], None)


def _ids(whole: Whole) -> set[str]:
    return {known.event.id for known in (whole.start, whole.end, *whole.cancellations) if known is not None}


def _remove(state: SubjectState, gone: set[str]) -> None:
    state.starts[:] = [start for start in state.starts if start.event.id not in gone]
    state.ends[:] = [end for end in state.ends if end.event.id not in gone]
    state.cancellations[:] = [other for other in state.cancellations if other.event.id not in gone]


def _evicted(state: SubjectState, whole: Whole, outcome: Outcome) -> Lifecycle:
    return as_it_stands(state, whole, outcome, f"{EVICTED}{whole.opening.event.id}")
