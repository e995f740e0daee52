"""Reads an event's resources, which give its subject and its details.

Only the ids of the flow run, and of the worker or runner itself, are required. Everything else is optional: what is
missing or malformed becomes None, and what is unknown is skipped (rule I3).
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from msgspec import Struct

from correlator.event import Infrastructure, Named, Worker
from correlator.prefect.parsing import Related, Resource

UUID: Final = r"[0-9a-fA-F]{8}+-[0-9a-fA-F]{4}+-[0-9a-fA-F]{4}+-[0-9a-fA-F]{4}+-[0-9a-fA-F]{12}+"

CACHED: Final = 4096
"""How many workers, and how many flows, deployments and pools, are cached: an installation's events keep naming the
same ones.
"""

MAX_CACHED_EVENT: Final = 4096
"""Bytes of the largest event whose resources are cached: real events have 500 to 1,400."""

MAX_LABEL: Final = 1_024
"""How many characters a label of a large event, or of a witness, may have (rule B5)."""

_TAG: Final = "prefect.tag."
_IDS: Final = {
    role: re.compile(rf"prefect\.{role}\.{UUID}").fullmatch for role in ("flow-run", "flow", "deployment", "work-pool")
}
"""The form of a related resource's id, by its role."""

_is_flow_run = _IDS["flow-run"]
_is_status_code = re.compile(r"-?[0-9]{1,10}").fullmatch


def flow_run_id(resource_id: str) -> str | None:
    """The UUID in a flow run's resource id; None if it is not a flow run's."""
    return resource_id[-36:].lower() if _is_flow_run(resource_id) else None


def flow_run_in(related: Iterable[Related]) -> str | None:
    """The UUID of the flow run among related resources; None if there is none. Reads nothing else of them."""
    named = (flow_run_id(it.id) for it in related if it.role == "flow-run")
    return next((run for run in named if run is not None), None)


def short(label: str | None) -> str | None:
    """The label, or None if it is too long (rule B5)."""
    return label if label is None or len(label) <= MAX_LABEL else None


class RelatedResources(Struct, gc=False):
    """What the related resources are, by role. If a role occurs several times, the first with a valid id counts."""

    flow_run: Named | None
    infrastructure: Infrastructure | None
    flow: Named | None
    deployment: Named | None
    work_pool: Named | None
    tags: list[str]


def read_related(related: Iterable[Related], *, cached: bool) -> RelatedResources:
    """Read the related resources."""
    named = _cached_named if cached else _named
    flow_run = infrastructure = flow = deployment = work_pool = None
    tags = []
    for it in related:
        role = it.role
        if role == "flow-run":
            if flow_run is None and _is_flow_run(it.id):
                flow_run = Named(it.id[-36:].lower(), it.name)
                infrastructure = _infrastructure(it.identifier, it.status_code)
        elif role == "tag":
            if it.id.startswith(_TAG):
                tags.append(it.id[len(_TAG) :])
        elif role == "flow":
            flow = flow or named(role, it.id, it.name)
        elif role == "deployment":
            deployment = deployment or named(role, it.id, it.name)
        elif role == "work-pool":
            work_pool = work_pool or named(role, it.id, it.name)
    return RelatedResources(flow_run, infrastructure, flow, deployment, work_pool, tags)


def _named(role: str, id_: str, name: str | None) -> Named | None:
    return Named(id_[-36:].lower(), name) if _IDS[role](id_) else None


_cached_named = lru_cache(CACHED)(_named)


def worker(own: Resource, *, cached: bool) -> Worker:
    """The worker that an event is about."""
    make = _cached_worker if cached else Worker
    return make(own.id, own.name, own.worker_type, own.version)


_cached_worker = lru_cache(CACHED)(Worker)


def _infrastructure(identifier: str | None, code: str | int | None) -> Infrastructure | None:
    """What ran the flow run; None if its labels say nothing.

    The status code is that of the process. Prefect writes it as text; it is returned as an integer.
    """
    if identifier is None and code is None:
        return None
    if isinstance(code, str):
        status_code = int(code) if _is_status_code(code) else None
    else:
        status_code = code if code is not None and abs(code) < 10**10 else None
    if identifier is None and status_code is None:
        return None
    return Infrastructure(identifier, status_code)


def kept(tags: list[str], most: int) -> tuple[tuple[str, ...], bool]:
    """At most ``most`` of the tags, sorted and without repeats; and whether any were dropped (rule B4)."""
    if len(tags) > 1:
        tags = sorted(set(tags))
    return tuple(tags[:most]), len(tags) > most
