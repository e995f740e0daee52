"""What belongs together: a function of the events that are remembered, whatever order they came in."""

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from correlator.core.lifecycle import MatchedBy
from correlator.core.rules import Rules
from correlator.core.state import Known, KnownStart, SubjectState


class Match(NamedTuple):
    """An end that found its start."""

    end: Known
    by: MatchedBy
    ambiguous: bool


@dataclass(slots=True, eq=False)
class Whole:
    """A lifecycle as it stands: a start, an end or a cancellation, with what belongs to it."""

    start: KnownStart | None = None
    end: Known | None = None
    matched_by: MatchedBy | None = None
    ambiguous: bool = False
    cancellations: list[Known] = field(default_factory=list)
    decides: int | None = None
    """The low watermark at which an end that has several candidates is decided, or that which it waits for."""

    @property
    def opening(self) -> Known:
        """The event that gives it its identity."""
        return self.start or self.end or self.cancellations[0]


def assemble(state: SubjectState, watermark: int | None, rules: Rules) -> list[Whole]:
    """The lifecycles of a subject as they stand at a low watermark."""
    matches, undecided = _pair(state, watermark, rules)
    wholes = [_whole(start, matches.get(start.event.id)) for start in state.starts]
    matched = {match.end.event.id for match in matches.values()}
    wholes += [Whole(end=end, decides=undecided.get(end.event.id)) for end in state.ends if end.event.id not in matched]
    for cancellation in state.cancellations:
        owner = None if cancellation.spent else _owner(wholes, cancellation, rules)
        if owner is None:
            wholes.append(Whole(cancellations=[cancellation]))
        else:
            owner.cancellations.append(cancellation)
    return wholes


def _whole(start: KnownStart, match: Match | None) -> Whole:
    return Whole(start) if match is None else Whole(start, match.end, match.by, match.ambiguous)


def could_follow(end: Known, start: KnownStart, rules: Rules) -> bool:
    """Whether an end without ``follows`` can be this start's.

    Prefect would have said so within ``tight_timing``; and the worker that sees a run exit is the one that submitted
    it.
    """
    return (
        start.event.occurred <= end.event.occurred - rules.tight_timing
        and start.event.worker == end.event.worker
        # By their own clocks: the end may have come by a partition that is ahead of the others.
        and end.clock <= (start.endless_until or start.settles + rules.remember)
    )


def _pair(state: SubjectState, watermark: int | None, rules: Rules) -> tuple[dict[str, Match], dict[str, int]]:
    """Matches by the start's id; and of ends that are not decided yet, until when."""
    matches: dict[str, Match] = {}
    starts = {start.event.id: start for start in state.starts}
    waiting: list[Known] = []
    for end in state.ends:
        follows = end.event.follows
        if end.spent:
            continue
        if follows is None:
            waiting.append(end)
        elif follows in starts and follows not in matches:  # of two that name one start, the later is unmatched
            matches[follows] = Match(end, MatchedBy.FOLLOWS, False)
    free: defaultdict[str | None, list[KnownStart]] = defaultdict(list)
    for start in state.starts:
        if start.event.id not in matches:
            free[start.event.worker].append(start)
    undecided: dict[str, int] = {}
    passing: defaultdict[str | None, list[tuple[KnownStart, Known]]] = defaultdict(list)
    blocked: dict[str | None, int] = {}
    for end in waiting:
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
        ambiguous = among_several or chosen.passed_over or _passed_over(chosen, passing[worker], rules)
        free[worker].remove(chosen)
        if among_several:
            passing[worker].append((chosen, end))
        matches[chosen.event.id] = Match(end, MatchedBy.RESOURCE, ambiguous)
    return matches, undecided


def _most_recent(end: Known, starts: list[KnownStart], rules: Rules) -> tuple[KnownStart | None, bool]:
    """The end's choice among the starts of its worker that have no end yet, and whether there was another.

    By bisection and from the most recent back: there may be a thousand of each.
    """
    old_enough = bisect_right(starts, end.event.occurred - rules.tight_timing, key=_occurred)
    candidates = (
        start for start in map(starts.__getitem__, reversed(range(old_enough))) if could_follow(end, start, rules)
    )
    return next(candidates, None), next(candidates, None) is not None


def _passed_over(start: KnownStart, passing: list[tuple[KnownStart, Known]], rules: Rules) -> bool:
    """Whether an end that could have been the start's own took a more recent one."""
    return any(
        chosen.event.occurred >= start.event.occurred and could_follow(end, start, rules) for chosen, end in passing
    )


def _occurred(known: Known) -> int:
    return known.event.occurred


def _owner(wholes: list[Whole], cancellation: Known, rules: Rules) -> Whole | None:
    """The run's latest submit not after the cancellation, unless that had ended well before; else an end that met no
    submit.
    """
    at = cancellation.event.occurred
    earliest_end = at - rules.clock_tolerance
    latest = None
    for whole in wholes:
        if whole.start is not None and whole.start.event.occurred <= at:
            latest = whole
    if (
        latest is not None
        and latest.start is not None
        and latest.start.next_start
        and latest.start.next_start_occurred <= at
    ):
        latest = None  # a later one had ended before, and is forgotten
    if latest is not None and (latest.end is None or latest.end.event.occurred >= earliest_end):
        return latest
    for whole in wholes:
        end = whole.end
        if (
            whole.start is None
            and end is not None
            and end.event.occurred >= earliest_end
            # By their own clocks, as above: else one was published alone before the other came.
            and end.clock <= cancellation.deadline
            and cancellation.clock <= end.deadline + rules.remember
        ):
            return whole
    return None
