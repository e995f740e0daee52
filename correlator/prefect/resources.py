"""What an event's resources tell: whose event it is, and the details of a record.

Only the flow run's and the worker's or runner's own ids must be there. Everything else is optional: what is missing or
malformed is null, and what is unknown is passed over (rule I3).

An installation's events name the same workers, flows, deployments, pools and tags again and again, in the same bytes:
what these say is known by heart.
"""

import re
from collections.abc import Iterable
from typing import Final, TypeVar

from msgspec import Raw, Struct

from correlator.event import JSON, Infrastructure, Named, Runner, Worker
from correlator.prefect.invalid import InvalidEvent, quoted
from correlator.prefect.names import Speaker
from correlator.prefect.parsing import ID, read_related, read_resource

UUID: Final = r"[0-9a-fA-F]{8}+-[0-9a-fA-F]{4}+-[0-9a-fA-F]{4}+-[0-9a-fA-F]{4}+-[0-9a-fA-F]{12}+"

BY_HEART: Final = 8192
"""How many resources are known by heart: when there are more, all are learned anew."""
SHORT: Final = 1024
"""Bytes of a resource that is worth it: real ones have 100 to 200."""

_TAG: Final = "prefect.tag."
_IDS: Final = {
    role: re.compile(rf"prefect\.{role}\.{UUID}").fullmatch for role in ("flow-run", "flow", "deployment", "work-pool")
}
"""What the id of a related resource must be, by its role."""

_is_status_code = re.compile(r"-?[0-9]{1,10}").fullmatch


T = TypeVar("T")


class Part(Struct, frozen=True, gc=False):
    """What a related resource says: something with a name, or a tag; neither, where it is nothing to us."""

    role: str
    named: Named | None = None
    tag: str | None = None
    infrastructure: Infrastructure | None = None
    """What ran a flow run."""


class Told(Struct, frozen=True, gc=False):
    """What all of them say. Of a role that is there several times, the first with a proper id counts."""

    flow_run: Named | None
    infrastructure: Infrastructure | None
    flow: Named | None
    deployment: Named | None
    work_pool: Named | None
    tags: list[str]


_parts: Final[dict[bytes, Part]] = {}
_workers: Final[dict[bytes, Worker]] = {}


def tell(related: Iterable[Raw]) -> Told:
    """Read the related resources. Raises msgspec's `DecodeError`."""
    flow_run = infrastructure = flow = deployment = work_pool = None
    tags: list[str] = []
    for raw in related:
        label = bytes(raw)
        part = _parts.get(label)
        if part is None:
            part = _part(label)
        role = part.role
        if role == "flow-run":
            if flow_run is None:
                flow_run, infrastructure = part.named, part.infrastructure
        elif role == "flow":
            flow = flow or part.named
        elif role == "deployment":
            deployment = deployment or part.named
        elif role == "work-pool":
            work_pool = work_pool or part.named
        elif part.tag is not None:
            tags.append(part.tag)
    return Told(flow_run, infrastructure, flow, deployment, work_pool, tags)


def _part(raw: bytes) -> Part:
    it = read_related(raw)
    role, id_ = it.role, it.id
    part = NOTHING
    if role == "tag":
        if id_.startswith(_TAG):
            part = Part(role, tag=id_[len(_TAG) :])
    elif role in _IDS and _IDS[role](id_):
        named = Named(id_[-36:].lower(), it.name)
        if role == "flow-run":  # there is another in every event: not worth remembering
            return Part(role, named, infrastructure=_infrastructure(it.identifier, it.status_code))
        part = Part(role, named)
    _learn(_parts, raw, part)
    return part


NOTHING: Final = Part("")


def worker(raw: Raw) -> Worker:
    """The worker whose event it is. Raises `InvalidEvent` where it is none, and msgspec's `DecodeError`."""
    label = bytes(raw)
    worker = _workers.get(label)
    if worker is None:
        own = read_resource(label)
        worker = Worker(own_id(own.id, Speaker.WORKER), own.name, own.worker_type, own.version)
        _learn(_workers, label, worker)
    return worker


def runner(raw: Raw) -> Runner:
    """The runner whose event it is. Raises `InvalidEvent` where it is none, and msgspec's `DecodeError`."""
    own = read_resource(raw)
    return Runner(own_id(own.id, Speaker.RUNNER), own.name, own.version)


def own_id(value: JSON, speaker: Speaker) -> str:
    """The event's own resource id, verbatim. Raises `InvalidEvent` where it is none of the speaker's."""
    if not isinstance(value, str) or not value.startswith(speaker) or value == speaker:
        raise InvalidEvent(f"{ID} is {quoted(value)}, not {speaker}…")
    return value


def _learn(known: dict[bytes, T], raw: bytes, said: T) -> None:
    if len(raw) <= SHORT:
        if len(known) >= BY_HEART:
            known.clear()
        known[raw] = said


def _infrastructure(identifier: str | None, code: str | int | None) -> Infrastructure | None:
    """What ran the flow run; None where nothing is told.

    The status code is the process's, and an integer: Prefect writes it as text.
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
    """The tags sorted and once each, at most so many; and whether any had to go (rule B4)."""
    if len(tags) > 1:
        tags = sorted(set(tags))
    return tuple(tags[:most]), len(tags) > most
