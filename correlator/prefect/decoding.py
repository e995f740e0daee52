"""Raw bytes to an event: a byte search that passes over what is not ours, one parse, a look at every field we use."""

import re
from typing import Final

from msgspec import Struct

from correlator.event import JSON, Details, Event, Kind, Runner
from correlator.moments import Moment
from correlator.prefect import parsing, resources
from correlator.prefect.invalid import InvalidEvent, quoted
from correlator.prefect.names import MEANINGS, Meaning, Speaker, names_another, names_ours
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
    if message is None:
        message = _mended(parsing.loose(value))
    if message is None or (meaning := MEANINGS.get(message.event)) is None:
        return None
    return _decoded(message, meaning, max_tags, len(value))


def _decoded(message: Message, meaning: Meaning, max_tags: int, size: int) -> Decoded:
    id_, follows, occurred = _id(message.id), _follows(message.follows), _occurred(message.occurred)
    own, worker, runner, by_heart = message.resource, None, None, size <= resources.SMALL
    own_id = _own_id(own.id, meaning.speaker)
    if meaning.speaker is _WORKER:
        worker = resources.worker(own, by_heart=by_heart)
    else:
        runner = Runner(own_id, own.name, own.version)
    told = resources.tell(message.related or (), by_heart=by_heart)
    run, subject, truncated = told.flow_run, own_id, False
    tags: tuple[str, ...] = ()
    if meaning.kind is _FLOW_RUN:
        if run is None:
            raise InvalidEvent("related has no flow-run with the id prefect.flow-run.<UUID>")
        subject = run.id
        if told.tags:
            tags, truncated = resources.kept(told.tags, max_tags)
    worker_id, name = None if worker is None else own_id, None if run is None else run.name
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
    own = parsing.resource(_own_id(labels.get(parsing.ID), meaning.speaker), labels)
    related = parsing.related(members.get("related"))
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


def _own_id(value: JSON, speaker: Speaker) -> str:
    """The event's own resource id, verbatim."""
    if not isinstance(value, str) or not value.startswith(speaker) or value == speaker:
        raise InvalidEvent(f"{parsing.ID} is {quoted(value)}, not {speaker}…")
    return value
