"""What all workers tell, as one: each partition by the worker that holds it, and who is missing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from correlator.address import Reached
from correlator.event import Kind
from correlator.glance.part import ROWS, Holding, Part
from correlator.glance.recent import LATEST
from correlator.moments import Moment
from correlator.page import Seen


class Told(NamedTuple):
    """A worker, and what came of asking it."""

    reached: Reached
    partitions: frozenset[int]
    """Those that the group has assigned to it."""
    part: Part | str
    """What it tells, or why it tells nothing: what stands after its name in a sentence."""


class Worker(NamedTuple):
    """A worker of the stage, and what is known of it."""

    reached: Reached
    partitions: Sequence[int]
    """What it holds, in order."""
    missing: str | None
    """Why it tells nothing, where it does not."""
    recovering: Sequence[int]
    """Of its partitions, those that it has not taken over yet."""


class Held(NamedTuple):
    """A lifecycle, and by whose word it is shown."""

    seen: Seen
    by: str
    """The worker's name."""
    partition: int | None
    """That it is open in; None of one that has ended."""


@dataclass(frozen=True, slots=True)
class Whole:
    """The stage at a moment, as far as its workers tell."""

    app_id: str
    now: Moment
    partitions: int
    """How many there are."""
    workers: Sequence[Worker]
    """By name."""
    alone: bool
    """Whether others may be in the group that it has not said."""
    unheld: Sequence[int]
    """The partitions that nobody holds."""
    open: Sequence[Held]
    """What is open, longest first: at most `part.ROWS` of each kind."""
    open_total: Mapping[Kind, int]
    """How many are open, in the partitions that are told of."""
    ended: Sequence[Held]
    """The last records, newest first: at most `recent.LATEST`."""
    ended_total: int
    """How many the workers that answered have published since each of them started."""
    usual: Mapping[str | None, int]
    """By work pool, how long 95% of its runs took: by the word of the worker that knows the most of them. A run's
    partition is by its id, so each worker sees a fair sample of every pool.
    """

    @property
    def complete(self) -> bool:
        """Whether every partition is told of."""
        return not (self.alone or self.unheld or any(it.missing or it.recovering for it in self.workers))


def merged(app_id: str, now: Moment, partitions: int, told: Iterable[Told], *, alone: bool) -> Whole:
    """All of it as one. ``alone``: the group has not said who else is in it."""
    by_name = sorted(told, key=lambda it: (_natural(it.reached.name), sorted(it.partitions)))
    parts = [(it, it.part) for it in by_name if isinstance(it.part, Part)]
    holdings: dict[int, tuple[Told, Holding]] = {}
    for it, part in parts:
        for holding in part.holdings:
            if holding.partition not in holdings or holding.partition in it.partitions:
                holdings[holding.partition] = it, holding
    held = set(holdings).union(*(it.partitions for it in by_name))
    return Whole(
        app_id=app_id,
        now=now,
        partitions=partitions,
        workers=[_worker(it, holdings) for it in by_name],
        alone=alone,
        unheld=[] if alone else sorted(set(range(partitions)) - held),
        open=_longest(
            Held(row, it.reached.name, number) for number, (it, holding) in holdings.items() for row in holding.open
        ),
        open_total={kind: sum(holding.total.get(kind, 0) for _, holding in holdings.values()) for kind in Kind},
        ended=_last(Held(row, it.reached.name, None) for it, part in parts for row in part.ended),
        ended_total=sum(part.ended_total for _, part in parts),
        usual=_usual(part for _, part in parts),
    )


def _worker(it: Told, holdings: Mapping[int, tuple[Told, Holding]]) -> Worker:
    if isinstance(it.part, str):
        return Worker(it.reached, sorted(it.partitions), it.part, ())
    own = {number for number, (by, _) in holdings.items() if by is it}
    elsewhere = holdings.keys() - own
    return Worker(it.reached, sorted(own | it.partitions - elsewhere), None, sorted(it.partitions - holdings.keys()))


def _longest(rows: Iterable[Held]) -> list[Held]:
    ordered = sorted(rows, key=lambda it: (it.seen.first, it.seen.record_id))
    return [row for kind in Kind for row in [it for it in ordered if it.seen.kind is kind][:ROWS]]


def _last(rows: Iterable[Held]) -> list[Held]:
    """Each record once: where a partition has moved, two workers may have published versions of one."""
    latest: dict[str, Held] = {}
    for row in sorted(rows, key=lambda it: (it.seen.amended, it.seen.last)):
        latest[row.seen.record_id] = row
    return sorted(latest.values(), key=lambda it: (it.seen.last, it.seen.record_id), reverse=True)[:LATEST]


def _usual(parts: Iterable[Part]) -> dict[str | None, int]:
    known = [(its.runs, its.within, pool) for part in parts for pool, its in part.usual.items()]
    return {pool: within for _, within, pool in sorted(known, key=lambda it: it[:2])}


def _natural(name: str) -> list[tuple[int, str]]:
    """In the order of numbers: ``correlator-2`` before ``correlator-10``."""
    head = name.rstrip("0123456789")
    return [(0, head), (int(name[len(head) :][:18] or 0), name)]
