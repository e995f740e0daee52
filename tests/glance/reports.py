"""Reports of workers, and the snapshot that they are merged into."""

from collections import Counter
from collections.abc import Sequence

from correlator.address import Address, Reached
from correlator.event import Kind
from correlator.glance.merging import Snapshot, WorkerAnswer, merged
from correlator.glance.report import PartitionReport, WorkerReport
from correlator.page import Summary, UsualDuration
from tests.page.views import NOW

PARTITIONS = 4


def holding(partition: int, *open_: Summary, total: int | None = None) -> PartitionReport:
    counts = Counter(it.kind for it in open_)
    if total is not None:
        counts[Kind.FLOW_RUN] = total
    return PartitionReport(partition, counts, list(open_))


def report(
    *holdings: PartitionReport,
    worker: str = "one",
    ended: Sequence[Summary] = (),
    ended_total: int = 0,
    usual: dict[str | None, UsualDuration] | None = None,
) -> WorkerReport:
    return WorkerReport(worker, list(holdings), list(ended), ended_total or len(ended), usual or {})


def told(name: str, partitions: set[int], its: WorkerReport | str) -> WorkerAnswer:
    number = sum(name.encode()) % 250
    return WorkerAnswer(Reached(Address(f"10.0.0.{number}", 8080), name), frozenset(partitions), its)


def one(*all_: WorkerAnswer, partitions: int = PARTITIONS, alone: bool = False) -> Snapshot:
    return merged("prefect-correlator", NOW, partitions, all_, alone=alone)
