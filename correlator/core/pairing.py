"""What belongs together: a function of the events that are remembered, whatever order they came in (rule S3)."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence

from msgspec import Struct

from correlator.core.lifecycle import MatchedBy
from correlator.core.rules import Rules
from correlator.core.state import Remembered, RememberedStart, SubjectState
from correlator.moments import Moment


class Assembled(Struct, eq=False):
    """A lifecycle as it stands: a start, an end or a cancellation, with what belongs to it."""

    start: RememberedStart | None = None
    end: Remembered | None = None
    matched_by: MatchedBy | None = None
    ambiguous: bool = False
    cancellations: list[Remembered] = []
    decides: Moment | None = None
    """The low watermark at which it is decided which of several starts is that of an end, or of one before it."""
    cancelled_at: Moment | None = None
    """When a start is published as cancelled, if it has no end by then."""

    @property
    def opening(self) -> Remembered:
        """The event that gives it its identity."""
        return self.start or self.end or self.cancellations[0]

    @property
    def events(self) -> list[Remembered]:
        """All that belong together."""
        return [known for known in (self.start, self.end, *self.cancellations) if known is not None]

    def endless_until(self, start: RememberedStart, rules: Rules) -> Moment:
        """Until when its start is remembered if it has no end."""
        return start.endless_until or (self.cancelled_at or start.settles) + rules.remember


def assemble(state: SubjectState, watermark: Moment | None, rules: Rules) -> list[Assembled]:
    """The lifecycles of a subject as they stand at a low watermark: those with a start, in its order, then those of
    other ends, then cancellations alone.
    """
    lives = [Assembled(start=start) for start in state.starts]
    _foresee_cancellations(lives, state.cancellations, rules)
    guessing = _match_by_follows(lives, state.ends)
    undecided = _match_by_resource([life for life in lives if life.end is None], guessing, watermark, rules)
    matched = {life.end.event.id for life in lives if life.end is not None}
    lives += [
        Assembled(end=end, decides=undecided.get(end.event.id)) for end in state.ends if end.event.id not in matched
    ]
    _assign_cancellations(lives, state, rules)
    return lives


def could_follow(end: Remembered, life: Assembled, rules: Rules) -> bool:
    """Whether an end without ``follows`` can be that of a lifecycle's start (rule M2).

    Prefect would have said so within ``tight_timing``; and the worker that sees a run exit is the one that submitted
    it.
    """
    start = life.start
    return (
        start is not None
        and start.event.occurred <= end.event.occurred - rules.tight_timing
        and start.event.worker == end.event.worker
        # By their own clocks: the end may have come by a partition that is ahead of the others.
        and end.clock <= life.endless_until(start, rules)
    )


def _foresee_cancellations(lives: list[Assembled], cancellations: list[Remembered], rules: Rules) -> None:
    """Note when each start is published as cancelled, by the clocks of its cancellations (rule C4)."""
    for cancellation in sorted(cancellations, key=lambda it: it.clock):
        life = None if cancellation.spent else _latest(lives, cancellation)
        if life is None or life.start is None or life.cancelled_at is not None:
            continue
        settles = life.start.settles
        if cancellation.clock <= settles:
            life.cancelled_at = cancellation.deadline
        elif cancellation.clock <= settles + rules.remember:
            life.cancelled_at = cancellation.clock


def _latest(lives: Sequence[Assembled], cancellation: Remembered) -> Assembled | None:
    """The lifecycle with the latest start not after the cancellation, unless a later one is forgotten that was not
    after it, either (rule C1).
    """
    at = cancellation.event.occurred
    place = bisect_right(lives, at, key=_began)
    if not place:
        return None
    life = lives[place - 1]
    successor = None if life.start is None else life.start.successor
    return None if successor is not None and successor.occurred <= at else life


def _match_by_follows(lives: list[Assembled], ends: list[Remembered]) -> list[Remembered]:
    """Give each start the end that names it (rule M1). Returns the ends that name none."""
    by_start = {life.opening.event.id: life for life in lives}
    guessing: list[Remembered] = []
    for end in ends:
        follows = end.event.follows
        if end.spent:
            continue
        if follows is None:
            guessing.append(end)
        elif (life := by_start.get(follows)) is not None and life.end is None:  # of two, the later is unmatched (M8)
            life.end, life.matched_by = end, MatchedBy.FOLLOWS
    return guessing


def _match_by_resource(
    lives: list[Assembled], ends: list[Remembered], watermark: Moment | None, rules: Rules
) -> dict[str, Moment]:
    """Let ends choose among the starts that have none, in their turn (rules M2 to M4). Returns which of them are not
    decided yet, by id, and until when.
    """
    free: defaultdict[str | None, list[Assembled]] = defaultdict(list)
    for life in lives:
        free[life.opening.event.worker].append(life)
    undecided: dict[str, Moment] = {}
    blocked: dict[str | None, Moment] = {}
    choices: defaultdict[str | None, list[Assembled]] = defaultdict(list)
    for end in ends:
        worker = end.event.worker
        if worker in blocked:  # has the same candidates as an undecided end before it, so waits for that one
            undecided[end.event.id] = blocked[worker]
            continue
        chosen, among_several = _most_recent(end, free[worker], rules)
        if chosen is None:
            continue
        decides = min(end.event.occurred + rules.tight_timing, end.deadline)
        if among_several and (watermark is None or watermark <= decides):
            undecided[end.event.id] = blocked[worker] = decides
            continue
        chosen.ambiguous = among_several or _was_passed_over(chosen, choices[worker], rules)
        chosen.end, chosen.matched_by = end, MatchedBy.RESOURCE
        free[worker].remove(chosen)
        if among_several:
            choices[worker].append(chosen)
    return undecided


def _most_recent(end: Remembered, lives: list[Assembled], rules: Rules) -> tuple[Assembled | None, bool]:
    """The end's choice among the starts of its worker that have no end yet, and whether there was another.

    By bisection and from the most recent back: there may be a thousand of each.
    """
    old_enough = bisect_right(lives, end.event.occurred - rules.tight_timing, key=_began)
    candidates = (
        life for life in map(lives.__getitem__, reversed(range(old_enough))) if could_follow(end, life, rules)
    )
    return next(candidates, None), next(candidates, None) is not None


def _was_passed_over(life: Assembled, choices: list[Assembled], rules: Rules) -> bool:
    """Whether an end that could have been the start's own took a more recent one."""
    return (life.start is not None and life.start.passed_over) or any(
        chosen.end is not None and _began(chosen) >= _began(life) and could_follow(chosen.end, life, rules)
        for chosen in choices
    )


def _began(life: Assembled) -> Moment:
    return life.opening.event.occurred


def _assign_cancellations(lives: list[Assembled], state: SubjectState, rules: Rules) -> None:
    """Give each cancellation to the lifecycle that it belongs to, or let it be one (rules C1 to C3)."""
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
    """The run's latest submit not after the cancellation, unless that had ended well before; else an end that met no
    submit. By their own clocks, as above: without the other, each is remembered for so long.
    """
    earliest_end = cancellation.event.occurred - rules.clock_tolerance
    latest = _latest(begun, cancellation)
    if latest is not None and latest.start is not None:
        if latest.end is not None:
            owns = latest.end.event.occurred >= earliest_end
        else:
            owns = cancellation.clock <= latest.endless_until(latest.start, rules)
        if owns:
            return latest
    for place in range(bisect_left(turns, earliest_end), len(others)):  # no turn is earlier than its end (rule M7)
        life, end = others[place], others[place].end
        if (
            end is not None
            and end.event.occurred >= earliest_end
            and end.clock <= cancellation.deadline
            and cancellation.clock <= end.deadline + rules.remember
        ):
            return life
    return None
