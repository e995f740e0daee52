"""The JSON of an event, as far as we read it: typed and checked in C or, if something in it is malformed, label by
label.
"""

from collections.abc import Mapping
from typing import Final

import orjson
from msgspec import DecodeError, Struct, field
from msgspec.json import Decoder

from correlator.event import JSON
from correlator.prefect.invalid import InvalidEvent, quoted

ID: Final = "prefect.resource.id"
NAME: Final = "prefect.resource.name"
ROLE: Final = "prefect.resource.role"
VERSION: Final = "prefect.version"
WORKER_TYPE: Final = "prefect.worker-type"
IDENTIFIER: Final = "prefect.infrastructure.identifier"
STATUS_CODE: Final = "prefect.infrastructure.status-code"
STATE_TYPE: Final = "prefect.state-type"
STATE_NAME: Final = "prefect.state-name"
REASON: Final = "kubernetes.reason"
DIAGNOSIS: Final = "kubernetes.diagnosis"
TASK_ARN: Final = "ecs.taskArn"


class Resource(Struct, frozen=True, gc=False):
    """The resource that the event is about: a worker, a runner, a pod, a task or a flow run."""

    id: str = field(name=ID)
    name: str | None = field(name=NAME, default=None)
    version: str | None = field(name=VERSION, default=None)
    worker_type: str | None = field(name=WORKER_TYPE, default=None)
    state_type: str | None = field(name=STATE_TYPE, default=None)
    state_name: str | None = field(name=STATE_NAME, default=None)
    reason: str | None = field(name=REASON, default=None)
    diagnosis: str | None = field(name=DIAGNOSIS, default=None)
    task_arn: str | None = field(name=TASK_ARN, default=None)


class Related(Struct, frozen=True, gc=False):
    """A related resource and its role: a flow run, its flow, a tag."""

    id: str = field(name=ID)
    role: str = field(name=ROLE)
    name: str | None = field(name=NAME, default=None)
    identifier: str | None = field(name=IDENTIFIER, default=None)
    status_code: str | int | None = field(name=STATUS_CODE, default=None)


class Message(Struct, frozen=True, gc=False):
    """An event in Prefect's own words."""

    event: str
    id: str
    occurred: str
    resource: Resource
    related: list[Related] | None = None
    follows: str | None = None
    received: str | None = None


_typed: Final = Decoder(Message).decode


def typed(value: bytes) -> Message | None:
    """The message, or None if anything in it is malformed. `loose` then reads it, or says what is wrong."""
    try:
        if not value.isascii():
            value.decode()  # members that nobody reads must be UTF-8, too
        return _typed(value)
    except (DecodeError, UnicodeDecodeError, RecursionError):
        return None


def loose(value: bytes) -> dict[str, JSON]:
    """The members of any JSON object. Raises `InvalidEvent`."""
    try:
        members: JSON = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise InvalidEvent(_fault(value, error)) from None
    if not isinstance(members, dict):
        raise InvalidEvent(f"the value is {quoted(members)}, not an object")
    return members


def _fault(value: bytes, error: orjson.JSONDecodeError) -> str:
    try:
        value.decode()
    except UnicodeDecodeError as at:
        return f"not UTF-8: {at.reason} at byte {at.start}"
    return f"not JSON: {error.msg} at character {error.pos}"


def resource(id_: str, labels: Mapping[str, JSON]) -> Resource:
    """The resource that the event is about, with None for labels that are not text."""
    others = (NAME, VERSION, WORKER_TYPE, STATE_TYPE, STATE_NAME, REASON, DIAGNOSIS, TASK_ARN)
    return Resource(id_, *(text(labels.get(label)) for label in others))


def related(resources: JSON) -> list[Related]:
    """The related resources that have an id and a role, with None for labels that are not text. null counts as an empty
    list. Raises `InvalidEvent` for anything else that is not a list.
    """
    if resources is not None and not isinstance(resources, list):
        raise InvalidEvent(f"related is {quoted(resources)}, not a list")
    return [
        Related(id_, role, text(labels.get(NAME)), text(labels.get(IDENTIFIER)), _code(labels.get(STATUS_CODE)))
        for labels in resources or ()
        if isinstance(labels, dict)
        and isinstance(id_ := labels.get(ID), str)
        and isinstance(role := labels.get(ROLE), str)
    ]


def text(value: JSON) -> str | None:
    """The value, if it is text."""
    return value if isinstance(value, str) else None


def _code(value: JSON) -> str | int | None:
    return value if isinstance(value, str) or type(value) is int else None
