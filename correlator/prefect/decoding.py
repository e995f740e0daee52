"""From raw bytes to an event: a byte search skips what is not ours, one parse reads the rest, every field
is checked.
"""

from typing import Final

from msgspec import Struct

from correlator.event import JSON, Details, Event, Infrastructure, Kind, Role, Runner
from correlator.moments import Moment
from correlator.prefect import parsing, resources
from correlator.prefect.fields import event_id, flow_run, follows, occurred, own_id
from correlator.prefect.invalid import InvalidEvent, quoted
from correlator.prefect.names import MEANINGS, Meaning, Speaker, may_concern_us, state_meaning
from correlator.prefect.parsing import Message
from correlator.prefect.times import moment
from correlator.prefect.trimming import MAX_UNTRIMMED, trimmed
from correlator.prefect.waiting import is_detached, waited
from correlator.prefect.witnesses import witnessed

_FLOW_RUN: Final = Kind.FLOW_RUN
_WORKER, _RUNNER = Speaker.WORKER, Speaker.RUNNER
_START, _END, _CREATION = Role.START, Role.END, Role.CREATION
_SILENT: Final = Details()


class Reading(Struct, frozen=True):
    """The settings by which events are read."""

    max_tags: int
    """How many tags of an event are kept (rule B4)."""
    detached: frozenset[str]
    """The types of detached workers, which do not wait for what they run (rule F9)."""


class Decoded(Struct, frozen=True, gc=False):
    """An event of ours, with its subject and details."""

    kind: Kind
    subject: str
    """The worker's resource id, or the flow run's bare UUID (rule S1)."""
    event: Event
    details: Details
    received: Moment | None
    """When Prefect's server received the event; None if no server says so. Only the clocks need it."""


def decode(value: bytes | None, reading: Reading) -> Decoded | None:
    """Read the value of a raw Kafka record.

    Returns None if it cannot concern us: a tombstone, another event, bytes that name none of our events (rule I1).

    Raises `InvalidEvent`, and never anything else, if it names one of our events and is not valid (rule I2).
    """
    if value is None or not may_concern_us(value):
        return None
    message = parsing.typed(value)
    if message is None:
        message = _mended(parsing.loose(value))
    if message is None:
        return None
    meaning = MEANINGS.get(message.event) or state_meaning(message.event, message.resource.state_type)
    if meaning is None:
        return None
    received = None if message.received is None else moment(message.received)
    speaker = meaning.speaker
    if speaker is _WORKER or speaker is _RUNNER:
        subject, event, details = _told(message, meaning, reading, len(value))
        return Decoded(meaning.kind, subject, event, details, received)
    subject, event = witnessed(message, meaning)
    return Decoded(meaning.kind, subject, event, _SILENT, received)


def _told(message: Message, meaning: Meaning, reading: Reading, size: int) -> tuple[str, Event, Details]:
    """The subject, event and details of what a worker or a runner says."""
    id_, before, at = event_id(message.id), follows(message.follows), occurred(message.occurred)
    own, worker, runner, cached = message.resource, None, None, size <= resources.MAX_CACHED_EVENT
    its_id = own_id(own.id, meaning.speaker)
    if meaning.speaker is _WORKER:
        worker = resources.worker(own, cached=cached)
    else:
        runner = Runner(its_id, own.name, own.version)
    told = resources.read_related(message.related or (), cached=cached)
    run, subject, truncated = told.flow_run, its_id, False
    tags: tuple[str, ...] = ()
    role, detached, infrastructure = meaning.role, False, told.infrastructure
    if meaning.kind is _FLOW_RUN:
        subject = flow_run(None if run is None else run.id)
        if told.tags:
            tags, truncated = resources.kept(told.tags, reading.max_tags)
        if role is _START:
            detached = is_detached(own, reading.detached)
        elif role is _END and is_detached(own, reading.detached) and not waited(own, infrastructure):
            role, infrastructure = _CREATION, _created(infrastructure)
    worker_id, name = None if worker is None else its_id, None if run is None else run.name
    event = Event(role, id_, at, worker_id, before, truncated, infrastructure, detached)
    details = Details(name, told.flow, told.deployment, told.work_pool, worker, runner, tags)
    return (subject, *(trimmed(event, details) if size > MAX_UNTRIMMED else (event, details)))


def _created(infrastructure: Infrastructure | None) -> Infrastructure | None:
    """What a detached worker created, without the status code, which means nothing."""
    if infrastructure is None or infrastructure.identifier is None:
        return None
    return Infrastructure(infrastructure.identifier, None)


def _mended(members: dict[str, JSON]) -> Message | None:
    """The message in a JSON object that is malformed somewhere; None if it is not an event of ours."""
    name, labels, received = members.get("event"), members.get("resource"), members.get("received")
    if not isinstance(name, str):
        raise InvalidEvent(f"event is {quoted(name)}, not a name")
    state_type = parsing.text(labels.get(parsing.STATE_TYPE)) if isinstance(labels, dict) else None
    if (meaning := MEANINGS.get(name) or state_meaning(name, state_type)) is None:
        return None
    id_, before, at = event_id(members.get("id")), follows(members.get("follows")), members.get("occurred")
    occurred(at)
    if not isinstance(labels, dict):
        raise InvalidEvent(f"resource is {quoted(labels)}, not an object")
    own = parsing.resource(own_id(labels.get(parsing.ID), meaning.speaker), labels)
    related = parsing.related(members.get("related"))
    return Message(name, id_, str(at), own, related, before, parsing.text(received))
