"""What counts of everything that witnesses say about a submit, and their best report of its end (rules W2,
W3 and W6).
"""

from bisect import insort
from operator import attrgetter

from correlator.core.assembled import Assembled, Testimony, WitnessedEnd
from correlator.core.rules import Rules
from correlator.core.state import Remembered
from correlator.event import Phase, Role, State, StateType
from correlator.moments import SECOND, Moment

_CREATION, _RUNNING, _STATE = Role.CREATION, Role.RUNNING, Role.STATE
_CANCELLED = StateType.CANCELLED
_order = attrgetter("order")


def weigh(life: Assembled, rules: Rules) -> None:
    """Find what counts in the testimony about a lifecycle."""
    testimony, end, start = life.testimony, life.end, life.start
    if testimony is None or start is None:
        return
    foreign: list[Remembered] = []
    states: list[Remembered] = []
    last = None if end is None else end.event.occurred + rules.grace
    creation = running = resumed = phase = None
    for known in testimony.all:
        role = known.event.role
        if role is _CREATION:
            creation = known if creation is None else min(creation, known, key=_order)
        elif role is not _RUNNING and role is not _STATE:
            phase = known if phase is None else max(phase, known, key=_lives_last)
        elif last is not None and known.event.occurred > last:
            foreign.append(known)
        elif role is _RUNNING:
            running = known if running is None else min(running, known, key=_order)
            if end is None or known.event.occurred <= end.event.occurred:
                resumed = known if resumed is None else max(resumed, known, key=_order)
        else:
            states.append(known)
    testimony.creation, testimony.running, testimony.resumed = creation, running, resumed
    testimony.phase = _end_of(phase, resumed)
    if resumed is not None:
        states = [known for known in states if known.event.occurred >= resumed.event.occurred]
    testimony.over = min(states, key=_order, default=None)
    testimony.state = _last_of(states, end or testimony.phase or testimony.over, foreign, rules)
    testimony.witnessed_end = (
        None if end is not None else _witnessed_end(testimony, rules, detached=start.event.detached)
    )
    testimony.foreign = foreign


def dismiss(life: Assembled) -> list[Remembered]:
    """Remove and return the witnesses that cannot be about a lifecycle, as it had ended long before (rule W3)."""
    testimony = life.testimony
    if testimony is None or not testimony.foreign:
        return []
    foreign = testimony.foreign
    testimony.all, testimony.foreign = [known for known in testimony.all if known not in foreign], []
    return foreign


def _end_of(phase: Remembered | None, resumed: Remembered | None) -> Remembered | None:
    """The last phase of all pods and tasks, if it is an end and the flow has not run since. If the flow has, another
    pod has replaced the one that ended. Times of pods are cut to the second (rule F10).
    """
    if phase is None or not _has_ended(phase):
        return None
    if resumed is not None and resumed.event.occurred >= phase.event.occurred + SECOND:
        return None
    return phase


def _last_of(
    states: list[Remembered], ended: Remembered | None, foreign: list[Remembered], rules: Rules
) -> Remembered | None:
    """The last terminal state. One that cancels long after the end is foreign, like any other cancellation
    (rule C1).
    """
    if ended is not None:
        last = ended.event.occurred + rules.grace
        late = [known for known in states if known.event.occurred > last and _cancels(known)]
        foreign += late
        states = [known for known in states if known not in late]
    return max(states, key=_order, default=None)


def _cancels(known: Remembered) -> bool:
    said = known.event.said
    return isinstance(said, State) and said.type is _CANCELLED


def _lives_last(phase: Remembered) -> tuple[Moment, bool, str]:
    """The sort key for the last phase: by time; within one second, a living pod counts as the one that replaced
    another.
    """
    return phase.event.occurred, not _has_ended(phase), phase.event.id


def _has_ended(phase: Remembered) -> bool:
    return isinstance(phase.event.said, Phase) and phase.event.said.exit is not None


def _witnessed_end(testimony: Testimony, rules: Rules, *, detached: bool) -> WitnessedEnd | None:
    """The end that the infrastructure reports, else the one that the flow run does (rule W2)."""
    phase, state = testimony.phase, testimony.state
    known = phase or state
    if known is None:
        return None
    if detached and phase is not None and state is not None:
        return WitnessedEnd(known, max(phase.clock, state.clock), at_once=True)
    return WitnessedEnd(known, max(it.clock for it in (phase, state) if it is not None) + rules.grace, at_once=False)


def fold(witnesses: list[Remembered], known: Remembered) -> bool:
    """Take in a witness, and return whether it says anything new. Of each pod or task, only the last phase counts."""
    said = known.event.said
    if isinstance(said, Phase):
        for place, other in enumerate(witnesses):
            before = other.event.said
            if isinstance(before, Phase) and before.unit == said.unit:
                if _progress(other) >= _progress(known):
                    return False
                known.deadline = min(known.deadline, other.deadline)  # it has waited since it was first heard
                del witnesses[place]
                break
    insort(witnesses, known, key=_order)
    return True


def _progress(phase: Remembered) -> tuple[bool, bool, Moment, str]:
    """The sort key for how much a phase says: an end says more than a life, a reason more than none, later more than
    earlier.
    """
    said = phase.event.said
    reason = isinstance(said, Phase) and said.reason is not None
    return _has_ended(phase), reason, phase.event.occurred, phase.event.id


def superfluous(life: Assembled, settled: Moment) -> list[Remembered]:
    """The witnesses of a lifecycle, phases aside, that will never count: RUNNINGs and states between the first and the
    last, dated before ``settled``. Later ones are kept for a submit that comes late: it may need them itself, or take
    over the state that counts now, so that an earlier one counts again.
    """
    testimony = life.testimony
    if testimony is None or len(testimony.all) < 2:
        return []
    counted = (testimony.creation, testimony.running, testimony.resumed, testimony.over, testimony.state)
    undecided = any(it is not None and it.event.occurred >= settled for it in (testimony.state, testimony.resumed))
    return [
        known
        for known in testimony.all
        if known.event.occurred < settled
        and known not in counted
        and not isinstance(known.event.said, Phase)
        and not (undecided and known.event.role is _STATE)
    ]
