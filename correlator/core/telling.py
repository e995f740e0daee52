"""What several events of a lifecycle tell together: what the first says, and of the others what it leaves open (rule
S4).
"""

from collections.abc import Iterable
from functools import reduce
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import astuple

from correlator.event import Details

PartT = TypeVar("PartT", bound=Struct)


def merged(told: Iterable[Details]) -> Details:
    """What is told by one after the other."""
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
    """What is known of a part, and where that is null, what is said of it by one that otherwise says the same."""
    if known is None or said is None or known == said:
        return said if known is None else known
    pairs = list(zip(astuple(known), astuple(said), strict=True))
    if any(old is not None and new is not None and old != new for old, new in pairs):
        return known
    return type(known)(*(new if old is None else old for old, new in pairs))
