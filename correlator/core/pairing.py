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
    _cancel(state, rules)
    matches, undecided = _pair(state, watermark, rules)
    wholes = [_whole(start, matches.get(start.event.id)) for start in state.starts]
    matched = {match.end.event.id for match in matches.values()}
    wholes += [Whole(end=end, decides=undecided.get(end.event.id)) for end in state.ends if end.event.id not in matched]
    for cancellation in state.cancellations:
        owner = None if cancellation.spent else _owner(wholes, state.starts, cancellation, rules)
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
        and end.clock <= _endless_until(start, rules)
    )


def _endless_until(start: KnownStart, rules: Rules) -> int:
    """Until when a start is remembered if it has no end."""
    return start.endless_until or (start.cancelled_at or start.settles) + rules.remember


def _cancel(state: SubjectState, rules: Rules) -> None:
    """Work out when each start is published as cancelled, by the clocks of its cancellations."""
    for start in state.starts:
        start.cancelled_at = None
    for cancellation in sorted(state.cancellations, key=lambda it: it.clock):
        its = None if cancellation.spent else _latest_start(state.starts, cancellation)
        if its is None or its.cancelled_at is not None:
            continue
        if cancellation.clock <= its.settles:
            its.cancelled_at = cancellation.deadline
        elif cancellation.clock <= its.settles + rules.remember:
            its.cancelled_at = cancellation.clock


def _latest_start(starts: list[KnownStart], cancellation: Known) -> KnownStart | None:
    """The latest not after the cancellation, unless a later one is forgotten that was not after it, either."""
    at = cancellation.event.occurred
    place = bisect_right(starts, at, key=_occurred)
    if not place:
        return None
    start = starts[place - 1]
    return None if start.next_start is not None and start.next_start_occurred <= at else start


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


def _owner(wholes: list[Whole], starts: list[KnownStart], cancellation: Known, rules: Rules) -> Whole | None:
    """The run's latest submit not after the cancellation, unless that had ended well before; else an end that met no
    submit.
    """
    earliest_end = cancellation.event.occurred - rules.clock_tolerance
    latest = _latest_start(starts, cancellation)
    for whole in wholes:  # those with a start come first
        start, end = whole.start, whole.end
        if start is not None and start is not latest:
            continue
        # By their own clocks, as above: without the other, each is remembered for so long.
        if end is None:
            owns = start is not None and cancellation.clock <= _endless_until(start, rules)
        else:
            owns = end.event.occurred >= earliest_end and (
                start is not None
                or (end.clock <= cancellation.deadline and cancellation.clock <= end.deadline + rules.remember)
            )
        if owns:
            return whole
    return None
