"""Parts that workers tell, and what of them becomes one."""

from collections import Counter
from collections.abc import Sequence

from correlator.address import Address, Reached
from correlator.event import Kind
from correlator.glance.merging import Told, Whole, merged
from correlator.glance.part import Holding, Part
from correlator.page import Known, Seen
from tests.page.views import NOW

PARTITIONS = 4


def holding(partition: int, *seen: Seen, total: int | None = None) -> Holding:
    counts = Counter(it.kind for it in seen)
    if total is not None:
        counts[Kind.FLOW_RUN] = total
    return Holding(partition, counts, list(seen))


def part(
    *holdings: Holding,
    worker: str = "one",
    ended: Sequence[Seen] = (),
    ended_total: int = 0,
    usual: dict[str | None, Known] | None = None,
) -> Part:
    return Part(worker, list(holdings), list(ended), ended_total or len(ended), usual or {})


def told(name: str, partitions: set[int], its: Part | str) -> Told:
    number = sum(name.encode()) % 250
    return Told(Reached(Address(f"10.0.0.{number}", 8080), name), frozenset(partitions), its)


def one(*all_: Told, partitions: int = PARTITIONS, alone: bool = False) -> Whole:
    return merged("prefect-correlator", NOW, partitions, all_, alone=alone)
