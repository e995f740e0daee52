"""Which submit of a run a witness speaks of (rules W3 and W4)."""

from typing import Final

from correlator.core.assembled import Assembled, Testimony, began, latest
from correlator.core.rules import Rules
from correlator.core.state import Remembered, SubjectState
from correlator.event import Phase, Role
from correlator.moments import Moment

MAX_STEM: Final = 58
"""How many characters of a Job's name, including the hyphen after it, its pods' names begin with. Kubernetes appends
five random ones, and a name has at most 63 (``SimpleNameGenerator`` in the apiserver's ``storage/names``).
"""

_CREATION, _RUNNING = Role.CREATION, Role.RUNNING


def hear(begun: list[Assembled], state: SubjectState, rules: Rules) -> list[Remembered]:
    """Give each witness to the lifecycle that it speaks of. Returns the witnesses that found none.

    ``begun``: the lifecycles with a start, in order.
    """
    by_workers = {end.event.id for end in state.ends}
    homeless: list[Remembered] = []
    created: list[tuple[str, Assembled]] = []
    others: list[Remembered] = []
    for known in state.witnesses:
        if known.event.role is not _CREATION:
            others.append(known)
            continue
        life = _creator(begun, known)
        _give(known, life, homeless)
        if life is not None and (ran := known.event.infrastructure) is not None and ran.identifier is not None:
            created.append((ran.identifier, life))
    others.sort(key=_first_heard)
    for known in others:
        said, occurred = known.event.said, known.event.occurred
        life = _runner(said, occurred, begun, created) if isinstance(said, Phase) else latest(begun, occurred)
        if life is not None and _was_forgotten(life, known, by_workers, rules):
            life = None
        _give(known, life, homeless)
    return homeless


def is_created_as(name: str, identifier: str) -> bool:
    """Whether a pod or task of this name belongs to what a worker created under this identifier: a task, or a Job."""
    job = identifier.rpartition(":")[2]
    return identifier.endswith(f"::{name}") or name.startswith(f"{job}-"[:MAX_STEM])


def _first_heard(known: Remembered) -> Moment:
    return known.deadline


def _give(known: Remembered, life: Assembled | None, homeless: list[Remembered]) -> None:
    if life is None:
        homeless.append(known)
    elif life.testimony is None:
        life.testimony = Testimony([known])
    else:
        life.testimony.all.append(known)


def _creator(begun: list[Assembled], creation: Remembered) -> Assembled | None:
    """The submit that a creation names; else the latest submit of its worker that is not after it."""
    event = creation.event
    if event.follows is not None:
        return next((life for life in begun if life.opening.event.id == event.follows), None)
    return latest([life for life in begun if life.opening.event.worker == event.worker], event.occurred)


def _runner(
    phase: Phase, occurred: Moment, begun: list[Assembled], created: list[tuple[str, Assembled]]
) -> Assembled | None:
    """The submit that created the pod's Job, or the task. If several could have, as long names are cut, it is the
    latest not after the phase. If none is known to have, it is the run's latest not after the phase, unless that one is
    known to have created something else: then the pod's own submit is forgotten.
    """
    name, able = phase.name, None
    if name is not None:
        for identifier, life in reversed(created):
            if is_created_as(name, identifier):
                if began(life) <= occurred:
                    return life
                able = able or life
    if able is not None:
        return able
    life_then = latest(begun, occurred)
    created_another = name is not None and any(life is life_then and ":" in identifier for identifier, life in created)
    return None if created_another else life_then


def _was_forgotten(life: Assembled, known: Remembered, by_workers: set[str], rules: Rules) -> bool:
    """Whether a lifecycle was already published and forgotten when the witness was first heard.

    This is judged by the witness's own clock: its partition may be hours ahead of the one by which the next submit has
    yet to come. A witness that the record already reports stays with it. And a lifecycle is not forgotten but open
    again if one of its pods lives, if its flow ran again after its presumed end, or if that end now belongs to another.
    """
    start = life.start
    if start is None or start.version is None or known.event.id in (start.version.end, *start.version.heard):
        return False
    until, ended, published = start.forget_at, None, start.version.end
    for other in life.testimony.all if life.testimony is not None else ():
        event, said = other.event, other.event.said
        if event.id == published:
            ended = event.occurred
        elif event.role is _RUNNING and ended is not None and event.occurred > ended:
            return False
        if isinstance(said, Phase):
            if said.exit is None:
                return False
            until = max(until, other.clock + rules.grace + rules.remember)
    if published is not None and ended is None and published not in by_workers:
        return False
    return known.deadline > until + rules.grace
