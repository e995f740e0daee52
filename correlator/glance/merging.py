"""Merges the reports of all workers into a snapshot of the stage: each partition as the worker that holds it reports
it, and which workers are missing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from correlator.address import Reached
from correlator.event import Kind
from correlator.glance.recent import MAX_RECORDS
from correlator.glance.report import MAX_OPEN, PartitionReport, WorkerReport
from correlator.moments import Moment
from correlator.page import Summary


class WorkerAnswer(NamedTuple):
    """A worker's answer to the request for its report."""

    reached: Reached
    partitions: frozenset[int]
    """The partitions that the group has assigned to it."""
    report: WorkerReport | str
    """Its report, or why there is none: a text that completes a sentence after its name."""


class Worker(NamedTuple):
    """A worker of the stage."""

    reached: Reached
    partitions: Sequence[int]
    """The partitions that it holds, in order."""
    missing: str | None
    """Why it has no report; None if it has one."""
    recovering: Sequence[int]
    """Those of its partitions that it has not taken over yet."""


class HeldLifecycle(NamedTuple):
    """A lifecycle, and the worker that reported it."""

    summary: Summary
    by: str
    """The worker's name."""
    partition: int | None
    """The partition in which it is open; None if it has ended."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The stage at a moment, as far as its workers report it."""

    app_id: str
    now: Moment
    partitions: int
    """How many partitions the stage has."""
    workers: Sequence[Worker]
    """The workers in the order of their names."""
    alone: bool
    """Whether the other members of the group, if any, are unknown."""
    unheld: Sequence[int]
    """The partitions that no worker holds."""
    open: Sequence[HeldLifecycle]
    """The open lifecycles, the longest open first; at most `report.MAX_OPEN` of each kind."""
    open_total: Mapping[Kind, int]
    """How many lifecycles are open in the reported partitions."""
    ended: Sequence[HeldLifecycle]
    """The latest records, newest first; at most `recent.MAX_RECORDS`."""
    ended_total: int
    """How many records the workers that answered have published, each since it started."""
    usual: Mapping[str | None, int]
    """The usual duration of runs by work pool, in microseconds, as the worker with the most runs of the pool reports
    it. Runs are spread over the partitions by their ids, so each worker sees a fair sample of every pool.
    """

    @property
    def complete(self) -> bool:
        """Whether every partition is reported."""
        return not (self.alone or self.unheld or any(it.missing or it.recovering for it in self.workers))


def merged(app_id: str, now: Moment, partitions: int, told: Iterable[WorkerAnswer], *, alone: bool) -> Snapshot:
    """The snapshot of the workers' answers. ``alone``: the other members of the group are unknown."""
    by_name = sorted(told, key=lambda it: (_natural(it.reached.name), sorted(it.partitions)))
    reports = [(it, it.report) for it in by_name if isinstance(it.report, WorkerReport)]
    holdings: dict[int, tuple[WorkerAnswer, PartitionReport]] = {}
    for it, report in reports:
        for holding in report.holdings:
            if holding.partition not in holdings or holding.partition in it.partitions:
                holdings[holding.partition] = it, holding
    held = set(holdings).union(*(it.partitions for it in by_name))
    return Snapshot(
        app_id=app_id,
        now=now,
        partitions=partitions,
        workers=[_worker(it, holdings) for it in by_name],
        alone=alone,
        unheld=[] if alone else sorted(set(range(partitions)) - held),
        open=_oldest(
            HeldLifecycle(row, it.reached.name, number)
            for number, (it, holding) in holdings.items()
            for row in holding.open
        ),
        open_total={kind: sum(holding.total.get(kind, 0) for _, holding in holdings.values()) for kind in Kind},
        ended=_latest(HeldLifecycle(row, it.reached.name, None) for it, report in reports for row in report.ended),
        ended_total=sum(report.ended_total for _, report in reports),
        usual=_usual(report for _, report in reports),
    )


def _worker(it: WorkerAnswer, holdings: Mapping[int, tuple[WorkerAnswer, PartitionReport]]) -> Worker:
    if isinstance(it.report, str):
        return Worker(it.reached, sorted(it.partitions), it.report, ())
    own = {number for number, (by, _) in holdings.items() if by is it}
    elsewhere = holdings.keys() - own
    return Worker(it.reached, sorted(own | it.partitions - elsewhere), None, sorted(it.partitions - holdings.keys()))


def _oldest(rows: Iterable[HeldLifecycle]) -> list[HeldLifecycle]:
    ordered = sorted(rows, key=lambda it: (it.summary.first, it.summary.record_id))
    return [row for kind in Kind for row in [it for it in ordered if it.summary.kind is kind][:MAX_OPEN]]


def _latest(rows: Iterable[HeldLifecycle]) -> list[HeldLifecycle]:
    """The latest records, each once: if a partition has moved, two workers may have published versions of a record."""
    latest: dict[str, HeldLifecycle] = {}
    for row in sorted(rows, key=lambda it: (it.summary.amended, it.summary.last)):
        latest[row.summary.record_id] = row
    return sorted(latest.values(), key=lambda it: (it.summary.last, it.summary.record_id), reverse=True)[:MAX_RECORDS]


def _usual(reports: Iterable[WorkerReport]) -> dict[str | None, int]:
    known = [(its.runs, its.within, pool) for report in reports for pool, its in report.usual.items()]
    return {pool: within for _, within, pool in sorted(known, key=lambda it: it[:2])}


def _natural(name: str) -> list[tuple[int, str]]:
    """The sort key of a name, by the number at its end: ``correlator-2`` comes before ``correlator-10``."""
    head = name.rstrip("0123456789")
    return [(0, head), (int(name[len(head) :][:18] or 0), name)]
