"""Raw bytes to an event: a byte search that passes over what is not ours, one parse, a look at every field we use."""

import re
from typing import Final

from msgspec import DecodeError, Struct

from correlator.event import JSON, Details, Event, Kind
from correlator.moments import Moment
from correlator.prefect import parsing, resources
from correlator.prefect.invalid import InvalidEvent, quoted
from correlator.prefect.names import MEANINGS, Speaker, names_another, names_ours
from correlator.prefect.parsing import Message
from correlator.prefect.times import moment
from correlator.prefect.trimming import ORDINARY, trimmed

_FLOW_RUN: Final = Kind.FLOW_RUN
_WORKER: Final = Speaker.WORKER

_is_uuid = re.compile(resources.UUID).fullmatch


class Decoded(Struct, frozen=True, gc=False):
    """An event of ours, and what it tells."""

    kind: Kind
    subject: str
    """The worker's resource id, or the flow run's bare UUID (rule S1)."""
    event: Event
    details: Details
    received: Moment | None
    """When Prefect's server took the event in; None where no server said so. The clocks ask for it."""


def decode(value: bytes | None, max_tags: int) -> Decoded | None:
    """Read the value of a raw Kafka record, keeping at most ``max_tags`` tags.

    None where it cannot concern us: a tombstone, another event, bytes that name none of our events (rule I1).

    Raises `InvalidEvent`, and never anything else, where it names one of ours and is no valid one (rule I2).
    """
    if value is None or names_another(value) or not names_ours(value):
        return None
    message = parsing.typed(value)
    if message is not None:
        try:
            return _decoded(message, max_tags, len(value))
        except DecodeError:
            pass
    message = _mended(parsing.loose(value))
    return None if message is None else _decoded(message, max_tags, len(value))


def _decoded(message: Message, max_tags: int, size: int) -> Decoded | None:
    """Raises msgspec's `DecodeError` where a label of a resource is of another type."""
    meaning = MEANINGS.get(message.event)
    if meaning is None:
        return None
    id_, follows, occurred = _id(message.id), _follows(message.follows), _occurred(message.occurred)
    worker, runner, worker_id = None, None, None
    if meaning.speaker is _WORKER:
        worker = resources.worker(message.resource)
        subject = worker_id = worker.id
    else:
        runner = resources.runner(message.resource)
        subject = runner.id
    told = resources.tell(message.related or ())
    run, name, truncated = told.flow_run, None, False
    tags: tuple[str, ...] = ()
    if run is not None:
        name = run.name
    if meaning.kind is _FLOW_RUN:
        if run is None:
            raise InvalidEvent("related has no flow-run with the id prefect.flow-run.<UUID>")
        subject = run.id
        if told.tags:
            tags, truncated = resources.kept(told.tags, max_tags)
    event = Event(meaning.role, id_, occurred, worker_id, follows, truncated, told.infrastructure)
    details = Details(name, told.flow, told.deployment, told.work_pool, worker, runner, tags)
    if size > ORDINARY:
        event, details = trimmed(event, details)
    received = None if message.received is None else moment(message.received)
    return Decoded(meaning.kind, subject, event, details, received)


def _mended(members: dict[str, JSON]) -> Message | None:
    """The message of a JSON object in which something is not as it should be; None where it is not of ours."""
    name, received = members.get("event"), members.get("received")
    if not isinstance(name, str):
        raise InvalidEvent(f"event is {quoted(name)}, not a name")
    if (meaning := MEANINGS.get(name)) is None:
        return None
    id_, follows, occurred = _id(members.get("id")), _follows(members.get("follows")), members.get("occurred")
    _occurred(occurred)
    labels = members.get("resource")
    if not isinstance(labels, dict):
        raise InvalidEvent(f"resource is {quoted(labels)}, not an object")
    resources.own_id(labels.get(parsing.ID), meaning.speaker)
    own, related = parsing.mended_resource(labels), parsing.mended_related(members.get("related"))
    return Message(name, id_, str(occurred), own, related, follows, received if isinstance(received, str) else None)


def _id(value: JSON) -> str:
    if not isinstance(value, str) or not _is_uuid(value):
        raise InvalidEvent(f"id is {quoted(value)}, not a UUID")
    return value.lower()


def _follows(value: JSON) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _is_uuid(value):
        raise InvalidEvent(f"follows is {quoted(value)}, neither a UUID nor null")
    return value.lower()


def _occurred(value: JSON) -> Moment:
    occurred = moment(value)
    if occurred is None:
        raise InvalidEvent(f"occurred is {quoted(value)}, not an RFC 3339 time with offset, 1970 or later")
    return occurred
