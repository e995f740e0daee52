"""What an event's resources tell: the parts of a record, shaped as the record has them.

Only the flow run's and the worker's or runner's own ids must be there. Everything else is optional: what is missing or
malformed is null, and what is unknown is passed over.
"""

import re
from collections.abc import Mapping
from typing import Final

from correlator.event import JSON, Details
from correlator.prefect.invalid import InvalidEvent, quoted

ID: Final = "prefect.resource.id"
NAME: Final = "prefect.resource.name"
ROLE: Final = "prefect.resource.role"
VERSION: Final = "prefect.version"
WORKER_TYPE: Final = "prefect.worker-type"
IDENTIFIER: Final = "prefect.infrastructure.identifier"
STATUS_CODE: Final = "prefect.infrastructure.status-code"

Labels = Mapping[str, JSON]

_UUID = r"[0-9a-fA-F]{8}+-[0-9a-fA-F]{4}+-[0-9a-fA-F]{4}+-[0-9a-fA-F]{4}+-[0-9a-fA-F]{12}+"
_TAG: Final = "prefect.tag."
_PARTS: Final = {
    role: (part, re.compile(rf"prefect\.{role}\.{_UUID}").fullmatch)
    for role, part in (
        ("flow-run", "flow_run"),
        ("flow", "flow"),
        ("deployment", "deployment"),
        ("work-pool", "work_pool"),
    )
}
"""By the role of a related resource: the part of the record that it is, and what its id must be."""

is_uuid = re.compile(_UUID).fullmatch
_is_status_code = re.compile(r"-?[0-9]{1,10}").fullmatch


def own_id(labels: Labels, prefix: str) -> str:
    """The event's own resource id, verbatim. Raises `InvalidEvent` where it does not begin with the prefix."""
    value = labels.get(ID)
    if not isinstance(value, str) or not value.startswith(prefix) or value == prefix:
        raise InvalidEvent(f"{ID} is {quoted(value)}, not {prefix}…")
    return value


def worker(labels: Labels, id_: str) -> Details:
    """``{id, name?, type?, version?}`` of a worker."""
    return {
        "id": id_,
        "name": _text(labels.get(NAME)),
        "type": _text(labels.get(WORKER_TYPE)),
        "version": _text(labels.get(VERSION)),
    }


def runner(labels: Labels, id_: str) -> Details:
    """``{id, name?, version?}`` of a runner."""
    return {"id": id_, "name": _text(labels.get(NAME)), "version": _text(labels.get(VERSION))}


def related(resources: JSON, details: Details) -> list[str]:
    """Add to an event's details the parts that related resources tell, and return the tags as they come.

    Of a role that is there several times, the first with a proper id counts. Raises `InvalidEvent` where the resources
    are no list; none at all are as good as an empty one.
    """
    tags: list[str] = []
    if resources is None:
        return tags
    if not isinstance(resources, list):
        raise InvalidEvent(f"related is {quoted(resources)}, not a list")
    for labels in resources:
        if not isinstance(labels, dict):
            continue
        role, id_ = labels.get(ROLE), labels.get(ID)
        if not isinstance(role, str) or not isinstance(id_, str):
            continue
        if role == "tag":
            if id_.startswith(_TAG):
                tags.append(id_[len(_TAG) :])
        elif role in _PARTS:
            part, is_proper = _PARTS[role]
            if part not in details and is_proper(id_):
                name = labels.get(NAME)
                details[part] = {"id": id_[-36:].lower(), "name": name if isinstance(name, str) else None}
                if part == "flow_run" and (found := infrastructure(labels)):
                    details["infrastructure"] = found
    return tags


def infrastructure(flow_run: Labels) -> Details | None:
    """``{identifier?, status_code?}`` of what ran the flow run; None where neither is told.

    The status code is the process's, and an integer: Prefect writes it as text.
    """
    identifier, code = _text(flow_run.get(IDENTIFIER)), flow_run.get(STATUS_CODE)
    status_code: int | None = None
    if isinstance(code, str) and _is_status_code(code):
        status_code = int(code)
    elif type(code) is int and abs(code) < 10**10:
        status_code = code
    return (
        None if identifier is None and status_code is None else {"identifier": identifier, "status_code": status_code}
    )


def kept(tags: list[str], most: int) -> tuple[list[JSON], bool]:
    """The tags sorted and once each, at most so many; and whether any had to go."""
    different: list[JSON] = [*sorted(set(tags))]
    return different[:most], len(different) > most


def _text(value: JSON) -> str | None:
    return value if isinstance(value, str) else None
