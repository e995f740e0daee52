"""Bounds on a subject's state: one that starts again and again without end must not grow for ever (rules B1 to B3)."""

from correlator.core.assembled import Assembled
from correlator.core.codec import encode
from correlator.core.forgetting import leave_doubt
from correlator.core.lifecycle import EVICTED, Lifecycle, Outcome
from correlator.core.pairing import assemble
from correlator.core.publication import Settled
from correlator.core.rules import Rules
from correlator.core.state import Remembered, RememberedStart, SubjectState
from correlator.core.versions import as_it_stands
from correlator.event import Role
from correlator.moments import END_OF_TIME


def evict(state: SubjectState, rules: Rules) -> Settled:
    """Drop the oldest events beyond the bounds, and return what must be published for them: a start without an end is
    `lost` (or `cancelled`), an end without a start `unmatched`, a cancellation stands alone. Witnesses are only
    counted.
    """
    evicted = Settled()
    while len(state.starts) > rules.max_starts:
        evicted.published += _drop(state, state.starts[0], rules)
    while len(state.cancellations) > rules.max_waiting:
        evicted.published += _drop(state, state.cancellations[0], rules)
    if len(state.ends) > rules.max_waiting:
        waiting = [life for life in assemble(state, END_OF_TIME, rules).lives if life.start is None and life.end]
        for life in waiting[: max(0, len(waiting) - rules.max_waiting)]:
            evicted.published += _release(state, life.opening, life)
    evicted.unclaimed = max(0, len(state.witnesses) - rules.max_waiting)
    del state.witnesses[: evicted.unclaimed]
    return evicted


def encode_within(state: SubjectState, rules: Rules) -> tuple[bytes, Settled]:
    """The state as a table entry within its size limit, and what was dropped to fit it: the oldest events first, until
    one is left.
    """
    value, evicted = encode(state), Settled()
    while len(value) > rules.max_entry_bytes and len(state) > 1:
        oldest = min(_all(state), key=lambda known: known.event.occurred)
        if oldest in state.witnesses:
            state.witnesses.remove(oldest)
            evicted.unclaimed += 1
        else:
            evicted.published += _drop(state, oldest, rules)
        value = encode(state)
    return value, evicted


def _all(state: SubjectState) -> list[Remembered]:
    return [*state.starts, *state.ends, *state.cancellations, *state.witnesses]


def _drop(state: SubjectState, known: Remembered, rules: Rules) -> list[Lifecycle]:
    """Drop an event with everything that belongs to it. Returns what must be published for it."""
    if isinstance(known, RememberedStart) and not (state.ends or state.cancellations or state.witnesses):
        lives = {known.event.id: Assembled(start=known)}  # assembling all, for each of a thousand, would be too slow
    else:
        lives = {life.opening.event.id: life for life in assemble(state, END_OF_TIME, rules).lives}
    for opening in (*state.starts, *state.ends):  # what was published together goes together, or it would reopen
        if opening is not known and known.event.id in _published_with(opening):
            life = lives[opening.event.id]
            if known is life.end or known in life.cancellations:
                return _drop(state, opening, rules)
    # An event that opens no lifecycle belongs to one that stays, so it goes alone.
    life = lives.get(known.event.id) or _alone(known)
    leave_doubt(life, lives.values(), rules)
    return _release(state, known, life)


def _release(state: SubjectState, opening: Remembered, life: Assembled) -> list[Lifecycle]:
    """Drop a lifecycle. Returns it as it stands now, unless that was already published."""
    published_with = _published_with(opening)
    if opening.version is not None and published_with <= _ids(life):
        # An undecided end stays; cancellations and witnesses beyond the published ones have nothing to add.
        more = (*life.cancellations, *(() if life.testimony is None else life.testimony.all))
        _remove(state, {opening.event.id, *published_with, *(other.event.id for other in more)})
        return []
    _remove(state, _ids(life))  # also if another start has taken the end that this one was published with
    return [as_it_stands(state, life, _outcome(life), f"{EVICTED}{opening.event.id}", life.ended)]


def _published_with(opening: Remembered) -> set[str]:
    version = opening.version
    if version is None:
        return set()
    return {id_ for id_ in (version.end, version.cancellation) if id_ is not None} - {opening.event.id}


def _alone(known: Remembered) -> Assembled:
    """An end or a cancellation by itself."""
    if known.event.role is Role.END:
        return Assembled(end=known)
    return Assembled(cancellations=[known])


def _outcome(life: Assembled) -> Outcome:
    if life.cancellation is not None:
        return Outcome.CANCELLED
    if life.start is None:
        return Outcome.UNMATCHED
    return Outcome.LOST if life.ended is None else Outcome.COMPLETED


def _ids(life: Assembled) -> set[str]:
    return {known.event.id for known in life.events}


def _remove(state: SubjectState, gone: set[str]) -> None:
    state.starts[:] = [start for start in state.starts if start.event.id not in gone]
    state.ends[:] = [end for end in state.ends if end.event.id not in gone]
    state.cancellations[:] = [other for other in state.cancellations if other.event.id not in gone]
    state.witnesses[:] = [known for known in state.witnesses if known.event.id not in gone]
