"""How the details of several events are merged: the first event counts, and the others fill in what it leaves open
(rule S4).
"""

from collections.abc import Iterable
from functools import reduce
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import astuple

from correlator.event import Details

PartT = TypeVar("PartT", bound=Struct)


def merged(told: Iterable[Details]) -> Details:
    """Merge details; the earlier ones take precedence."""
    return reduce(_merged, told)


def _merged(known: Details, said: Details) -> Details:
    return Details(
        flow_run_name=said.flow_run_name if known.flow_run_name is None else known.flow_run_name,
        flow=filled_in(known.flow, said.flow),
        deployment=filled_in(known.deployment, said.deployment),
        work_pool=filled_in(known.work_pool, said.work_pool),
        worker=filled_in(known.worker, said.worker),
        runner=filled_in(known.runner, said.runner),
        tags=known.tags or said.tags,
    )


def filled_in(known: PartT | None, said: PartT | None) -> PartT | None:
    """The known part, its nulls filled in from the other one if the two agree in everything else."""
    if known is None or said is None or known == said:
        return said if known is None else known
    pairs = list(zip(astuple(known), astuple(said), strict=True))
    if any(old is not None and new is not None and old != new for old, new in pairs):
        return known
    return type(known)(*(new if old is None else old for old, new in pairs))
