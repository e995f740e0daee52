"""The figures: how many, and how long, of everything that a page was given."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from correlator.core import Outcome
from correlator.event import Kind
from correlator.page.seen import Seen
from correlator.page.telling import FAILURES


class Group(NamedTuple):
    """The records of a kind, work pool and outcome. Durations in microseconds, None where none is known."""

    kind: Kind
    pool: str | None
    outcome: Outcome
    records: int
    half: int | None
    """Half of them took no longer (p50)."""
    most: int | None
    """95% of them took no longer (p95)."""
    longest: int | None


def outcomes(ended: Iterable[Seen]) -> list[tuple[Outcome, int]]:
    """How many records of every outcome."""
    counts = Counter(it.outcome for it in ended)
    return [(outcome, counts[outcome]) for outcome in Outcome]


def failures(ended: Iterable[Seen]) -> list[tuple[str, int]]:
    """How many of the completed runs came to which bad end, of those ends that there were."""
    counts = Counter(it.failure for it in ended)
    return [(look, counts[state]) for state, look in FAILURES.items() if counts[state]]


def groups(ended: Iterable[Seen]) -> list[Group]:
    """The records by kind, work pool and outcome, the most frequent first."""
    grouped: defaultdict[tuple[Kind, str | None, Outcome], list[int | None]] = defaultdict(list)
    for it in ended:
        assert it.outcome is not None
        grouped[it.kind, it.pool, it.outcome].append(it.duration)
    found = []
    for (kind, pool, outcome), durations in grouped.items():
        known = sorted(duration for duration in durations if duration is not None)
        longest = known[-1] if known else None
        found.append(Group(kind, pool, outcome, len(durations), share(known, 50), share(known, 95), longest))
    return sorted(found, key=lambda group: (-group.records, group.kind, group.pool or "", group.outcome))


def share(ordered: Sequence[int], percent: int) -> int | None:
    """The least of some ordered numbers that so many percent of them do not exceed (nearest rank)."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else None
