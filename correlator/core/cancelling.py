"""Which lifecycle a cancellation belongs to (part C of the rules)."""

from bisect import bisect_left

from correlator.core.assembled import Assembled, latest
from correlator.core.rules import Rules
from correlator.core.state import Remembered, SubjectState
from correlator.moments import Moment


def foresee_cancellations(lives: list[Assembled], cancellations: list[Remembered], rules: Rules) -> None:
    """Note when each start would be published as cancelled, from the clocks of its cancellations (rule C4)."""
    for cancellation in sorted(cancellations, key=lambda it: it.clock):
        life = None if cancellation.spent else latest(lives, cancellation.event.occurred)
        if life is None or life.start is None or life.cancelled_at is not None:
            continue
        settles = life.start.settles
        if cancellation.clock <= settles:
            life.cancelled_at = cancellation.deadline
        elif cancellation.clock <= settles + rules.remember:
            life.cancelled_at = cancellation.clock


def assign_cancellations(lives: list[Assembled], state: SubjectState, rules: Rules) -> None:
    """Give each cancellation to the lifecycle it belongs to; one that belongs to none becomes its own
    (rules C1 to C3).
    """
    begun, others = lives[: len(state.starts)], lives[len(state.starts) :]
    turns = [end.opening.turn[0] for end in others]
    for cancellation in state.cancellations:
        owner = None if cancellation.spent else _owner(begun, others, turns, cancellation, rules)
        if owner is None:
            lives.append(Assembled(cancellations=[cancellation]))
        else:
            owner.cancellations.append(cancellation)


def _owner(
    begun: list[Assembled], others: list[Assembled], turns: list[Moment], cancellation: Remembered, rules: Rules
) -> Assembled | None:
    """The run's latest submit not after the cancellation, unless it ended well before; else an end without a submit.

    Whether the two met while both were remembered is judged by their own clocks, not by what has been read since.
    """
    earliest_end = cancellation.event.occurred - rules.grace
    life = latest(begun, cancellation.event.occurred)
    if life is not None and life.start is not None:
        if (ended := life.ended) is not None:
            owns = ended.event.occurred >= earliest_end
        else:
            owns = cancellation.clock <= life.endless_until(life.start, rules)
        if owns:
            return life
    for place in range(bisect_left(turns, earliest_end), len(others)):  # no turn is earlier than its end (rule M7)
        other, end = others[place], others[place].end
        if (
            end is not None
            and end.event.occurred >= earliest_end
            and end.clock <= cancellation.deadline
            and cancellation.clock <= end.deadline + rules.remember
        ):
            return other
    return None
