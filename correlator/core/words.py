"""What counts of all that witnesses say of a submit, and the best word on its end (rules W2, W3 and W6)."""

from bisect import insort
from operator import attrgetter

from correlator.core.assembled import Assembled, Heard, Word
from correlator.core.rules import Rules
from correlator.core.state import Remembered
from correlator.event import Phase, Role, State, StateType
from correlator.moments import SECOND, Moment

_CREATION, _RUNNING, _STATE = Role.CREATION, Role.RUNNING, Role.STATE
_CANCELLED = StateType.CANCELLED
_order = attrgetter("order")


def weigh(life: Assembled, rules: Rules) -> None:
    """Find what counts of all that was heard of a lifecycle."""
    heard, end, start = life.heard, life.end, life.start
    if heard is None or start is None:
        return
    foreign: list[Remembered] = []
    states: list[Remembered] = []
    last = None if end is None else end.event.occurred + rules.grace
    creation = running = resumed = phase = None
    for known in heard.all:
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
    heard.creation, heard.running, heard.resumed = creation, running, resumed
    heard.phase = _end_of(phase, resumed)
    if resumed is not None:
        states = [known for known in states if known.event.occurred >= resumed.event.occurred]
    heard.over = min(states, key=_order, default=None)
    heard.state = _last_of(states, end or heard.phase or heard.over, foreign, rules)
    heard.word = None if end is not None else _word(heard, rules, detached=start.event.detached)
    heard.foreign = foreign


def dismiss(life: Assembled) -> list[Remembered]:
    """Let go, and return, what turned out not to be of a lifecycle: it had ended long before (rule W3)."""
    heard = life.heard
    if heard is None or not heard.foreign:
        return []
    foreign = heard.foreign
    heard.all, heard.foreign = [known for known in heard.all if known not in foreign], []
    return foreign


def _end_of(phase: Remembered | None, resumed: Remembered | None) -> Remembered | None:
    """The last phase of all pods and tasks, if it is an end, and the flow has not run since: another has taken the
    place of the one that ended. Their times are cut to the second (rule F10).
    """
    if phase is None or not _has_ended(phase):
        return None
    if resumed is not None and resumed.event.occurred >= phase.event.occurred + SECOND:
        return None
    return phase


def _last_of(
    states: list[Remembered], ended: Remembered | None, foreign: list[Remembered], rules: Rules
) -> Remembered | None:
    """The last terminal state. One that cancels what had ended long before is foreign, as other cancellations are (rule
    C1).
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
    """By time; within one second, one that lives has taken the place of one that ended."""
    return phase.event.occurred, not _has_ended(phase), phase.event.id


def _has_ended(phase: Remembered) -> bool:
    return isinstance(phase.event.said, Phase) and phase.event.said.exit is not None


def _word(heard: Heard, rules: Rules, *, detached: bool) -> Word | None:
    """The infrastructure's word, else the flow run's (rule W2)."""
    phase, state = heard.phase, heard.state
    known = phase or state
    if known is None:
        return None
    if detached and phase is not None and state is not None:
        return Word(known, max(phase.clock, state.clock), at_once=True)
    return Word(known, max(it.clock for it in (phase, state) if it is not None) + rules.grace, at_once=False)


def fold(witnesses: list[Remembered], known: Remembered) -> bool:
    """Take in what a witness says. Returns whether that says more than what it had said already: of a pod or a task,
    how it is now is all that counts.
    """
    said = known.event.said
    if isinstance(said, Phase):
        for place, other in enumerate(witnesses):
            before = other.event.said
            if isinstance(before, Phase) and before.unit == said.unit:
                if _progress(other) >= _progress(known):
                    return False
                known.deadline = min(known.deadline, other.deadline)  # it waits since it was first heard
                del witnesses[place]
                break
    insort(witnesses, known, key=_order)
    return True


def _progress(phase: Remembered) -> tuple[bool, bool, Moment, str]:
    """How much a phase says: an end more than a life, one with a reason more than without, a later one more."""
    said = phase.event.said
    reason = isinstance(said, Phase) and said.reason is not None
    return _has_ended(phase), reason, phase.event.occurred, phase.event.id


def superfluous(life: Assembled, settled: Moment) -> list[Remembered]:
    """What was heard of a lifecycle and does not count, phases aside: RUNNINGs, and states, between the first and the
    last. A submit that comes late may yet need them, or take over the state that counts, so that an earlier one does:
    none comes any more that is dated before ``settled``.
    """
    heard = life.heard
    if heard is None or len(heard.all) < 2:
        return []
    counted = (heard.creation, heard.running, heard.resumed, heard.over, heard.state)
    undecided = any(it is not None and it.event.occurred >= settled for it in (heard.state, heard.resumed))
    return [
        known
        for known in heard.all
        if known.event.occurred < settled
        and known not in counted
        and not isinstance(known.event.said, Phase)
        and not (undecided and known.event.role is _STATE)
    ]
