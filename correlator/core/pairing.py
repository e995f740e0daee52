"""Which events belong together: a function of the remembered events, whatever order they came in (rule S3)."""

from bisect import bisect_right
from collections import defaultdict
from typing import NamedTuple

from correlator.core.assembled import Assembled, began
from correlator.core.cancelling import assign_cancellations, foresee_cancellations
from correlator.core.lifecycle import MatchedBy
from correlator.core.rules import Rules
from correlator.core.state import Remembered, SubjectState
from correlator.core.testimony import dismiss, weigh
from correlator.core.witnesses import hear
from correlator.moments import Moment


class Assembly(NamedTuple):
    """The lifecycles of a subject."""

    lives: list[Assembled]
    """First those with a start, in the order of their starts; then ends without a start; then lone cancellations."""
    homeless: list[Remembered]
    """Witnesses that belong to none of them."""


def assemble(state: SubjectState, watermark: Moment | None, rules: Rules) -> Assembly:
    """Assemble a subject's lifecycles as they stand at a low watermark."""
    lives = [Assembled(start=start) for start in state.starts]
    foresee_cancellations(lives, state.cancellations, rules)
    homeless = hear(lives, state, rules) if state.witnesses else []
    guessing = _match_by_follows(lives, state.ends)
    for life in lives:
        if life.testimony is not None:
            weigh(life, rules)
    undecided = _match_by_resource([life for life in lives if life.end is None], guessing, watermark, rules)
    for life in lives:
        if life.testimony is not None:
            if life.matched_by is MatchedBy.RESOURCE:  # only now has it an end from its worker
                weigh(life, rules)
            homeless += dismiss(life)
    matched = {life.end.event.id for life in lives if life.end is not None}
    lives += [
        Assembled(end=end, decides=undecided.get(end.event.id)) for end in state.ends if end.event.id not in matched
    ]
    assign_cancellations(lives, state, rules)
    return Assembly(lives, homeless)


def could_follow(end: Remembered, life: Assembled, rules: Rules) -> bool:
    """Whether an end without ``follows`` can belong to a lifecycle's start (rule M2).

    If the two were closer than ``tight_timing``, the end would name its start; and the worker that sees a run exit is
    the one that submitted it.
    """
    start = life.start
    return (
        start is not None
        and start.event.occurred <= end.event.occurred - rules.tight_timing
        and start.event.worker == end.event.worker
        # Judged by their own clocks: the end may have come by a partition that is ahead of the others.
        and end.clock <= life.endless_until(start, rules)
    )


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
        elif (life := by_start.get(follows)) is not None and life.end is None:  # a second end is unmatched (M8)
            life.end, life.matched_by = end, MatchedBy.FOLLOWS
    return guessing


def _match_by_resource(
    lives: list[Assembled], ends: list[Remembered], watermark: Moment | None, rules: Rules
) -> dict[str, Moment]:
    """Let the ends choose, in turn, among the starts without an end (rules M2 to M4). Returns the ends that are still
    undecided, by id, with the low watermark at which each is decided.
    """
    free: defaultdict[str | None, list[Assembled]] = defaultdict(list)
    for life in lives:
        free[life.opening.event.worker].append(life)
    undecided: dict[str, Moment] = {}
    blocked: dict[str | None, Moment] = {}
    choices: defaultdict[str | None, list[Assembled]] = defaultdict(list)
    for end in ends:
        worker = end.event.worker
        if worker in blocked:  # has the candidates of an earlier, undecided end, so it waits for that one
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
    """The most recent start of its worker that the end could belong to, and whether there was another candidate.

    Found by bisection, then backwards from the most recent: there may be a thousand starts, and as many ends.
    """
    old_enough = bisect_right(lives, end.event.occurred - rules.tight_timing, key=began)
    candidates = (
        life for life in map(lives.__getitem__, reversed(range(old_enough))) if could_follow(end, life, rules)
    )
    return next(candidates, None), next(candidates, None) is not None


def _was_passed_over(life: Assembled, choices: list[Assembled], rules: Rules) -> bool:
    """Whether an end that could have belonged to this start took a more recent one."""
    return (life.start is not None and life.start.passed_over) or any(
        chosen.end is not None and began(chosen) >= began(life) and could_follow(chosen.end, life, rules)
        for chosen in choices
    )
