"""The page's figures: how many records there are, and how long the lifecycles took. They count all records of the
view, whether a table shows them or not.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from correlator.core import Outcome
from correlator.event import Kind
from correlator.page.describing import FAILURES
from correlator.page.summary import Summary


class Group(NamedTuple):
    """The records of one kind, work pool and outcome. Durations are in microseconds; None if no record has one."""

    kind: Kind
    pool: str | None
    outcome: Outcome
    records: int
    median: int | None
    """Half of the lifecycles took no longer."""
    p95: int | None
    """95% of the lifecycles took no longer."""
    longest: int | None


def outcomes(ended: Iterable[Summary]) -> list[tuple[Outcome, int]]:
    """The number of records by outcome, 0 included."""
    counts = Counter(it.outcome for it in ended)
    return [(outcome, counts[outcome]) for outcome in Outcome]


def failures(ended: Iterable[Summary]) -> list[tuple[str, int]]:
    """The number of completed runs whose flow run failed or crashed, by the style of that state; never 0."""
    counts = Counter(it.failure for it in ended)
    return [(style, counts[state]) for state, style in FAILURES.items() if counts[state]]


def groups(ended: Iterable[Summary]) -> list[Group]:
    """The records by kind, work pool and outcome, the most frequent first."""
    grouped: defaultdict[tuple[Kind, str | None, Outcome], list[int | None]] = defaultdict(list)
    for it in ended:
        assert it.outcome is not None
        grouped[it.kind, it.pool, it.outcome].append(it.duration)
    found = []
    for (kind, pool, outcome), durations in grouped.items():
        known = sorted(duration for duration in durations if duration is not None)
        longest = known[-1] if known else None
        found.append(Group(kind, pool, outcome, len(durations), percentile(known, 50), percentile(known, 95), longest))
    return sorted(found, key=lambda group: (-group.records, group.kind, group.pool or "", group.outcome))


def percentile(ordered: Sequence[int], percent: int) -> int | None:
    """The percentile of sorted numbers by the nearest-rank method; None if there are none."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else None
