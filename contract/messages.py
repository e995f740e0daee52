"""The messages of the AsyncAPI document: headers, keys, and an example of each."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Final

import msgspec

from contract import examples
from contract.examples import Example
from correlator.event import JSON, Kind
from correlator.prefect import MEANINGS
from correlator.prefect.names import Speaker
from correlator.records.models import MODELS, Time
from correlator.records.rendering import CE_TYPES
from correlator.settings import Settings
from correlator.stage.dead_letters import HEADER_PREFIX

BINDING: Final = "0.5.0"
"""The version of AsyncAPI's bindings for Kafka."""

HEADERS: Final[dict[str, str]] = {
    "ce_specversion": "The version of CloudEvents.",
    "ce_id": "The id of this version of the record: each amendment has another, a version written again the same.",
    "ce_type": "The record's type; the version at its end goes up with every change that does more than add keys.",
    "ce_source": "The record's origin: the setting `CORRELATOR_SOURCE`, else the app id.",
    "ce_subject": "The same as the key.",
    "ce_time": "When the lifecycle ended, else when it was cancelled, else when it began; RFC 3339, UTC.",
    "content-type": "The content type of the value.",
}
"""The headers of every record: CloudEvents 1.0 in the binary mode of its Kafka binding."""

ERRORS: Final = {
    f"{HEADER_PREFIX}exception": "The kind of fault: `InvalidEvent`, or, for the stage's own topics,"
    " `UnreadableWire`, `UnreadableState`.",
    f"{HEADER_PREFIX}message": "What is wrong, in words.",
    f"{HEADER_PREFIX}topic": "The topic it was read from.",
    f"{HEADER_PREFIX}partition": "The partition it was read from, in decimal.",
    f"{HEADER_PREFIX}offset": "The offset it was read from, in decimal; absent for a changelog's entry.",
    f"{HEADER_PREFIX}value": "Only if the letter was too large for the topic: notes that its value was left out, and"
    " its size.",
    f"{HEADER_PREFIX}headers": "If that was not enough: notes that the original headers were left out, and their size.",
    f"{HEADER_PREFIX}key": "If even that was not enough: notes that the key was left out, and its size.",
}
"""The headers that are added to a dead letter, after its original ones."""

_NOT_ALWAYS: Final = {f"{HEADER_PREFIX}{name}" for name in ("offset", "value", "headers", "key")}


def record(kind: Kind, source: str) -> JSON:
    """The message of a record: CloudEvents headers, key, and JSON Schema by reference. ``source``: the CloudEvents
    source.
    """
    model = MODELS[kind]
    headers: dict[str, dict[str, JSON]] = {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {"type": "string", "format": "uuid"},
        "ce_type": {"const": CE_TYPES[kind]},
        "ce_source": {"type": "string", "format": "uri-reference"},
        "ce_subject": {"type": "string"},
        "ce_time": msgspec.json.schema(Time),
        "content-type": {"const": "application/json"},
    }
    return {
        "name": model.__name__,
        "title": kind,
        "summary": " ".join((model.__doc__ or "").split()),
        "contentType": "application/json",
        "headers": _headers(HEADERS, headers, HEADERS),
        "payload": {"$ref": f"./{kind}.schema.json"},
        "examples": _examples(examples.of_records(kind, source)),
        "bindings": {"kafka": {"key": _key(kind), "bindingVersion": BINDING}},
    }


def event() -> JSON:
    """The message of an event that the stage reads."""
    return {
        "name": "PrefectEvent",
        "summary": "An event as Prefect 3 sends it; any other is ignored",
        "contentType": "application/json",
        "payload": {
            "type": "object",
            "required": ["event", "id", "occurred", "resource"],
            "properties": {
                "event": {
                    "type": "string",
                    "anyOf": [{"enum": list(MEANINGS)}, {"pattern": f"^{re.escape(Speaker.FLOW_RUN)}"}],
                    "description": "The event's name; that of a flow run's state may be chosen freely.",
                },
                "id": {"type": "string", "format": "uuid", "description": "The event's id."},
                "occurred": {"type": "string", "format": "date-time", "description": "When it happened."},
                "resource": {
                    "type": "object",
                    "description": "The worker, the runner that cancelled, the pod or task, or the flow run.",
                },
                "related": {
                    "type": "array",
                    "items": {"type": "object"},
                    "description": "The flow run, its flow, deployment and tags, and the work pool.",
                },
                "follows": {
                    "type": ["string", "null"],
                    "format": "uuid",
                    "description": "The start's id, in an end less than 5 minutes after it. It is not read in the"
                    " events of pods, tasks and states.",
                },
                "received": {
                    "type": ["string", "null"],
                    "format": "date-time",
                    "description": "When Prefect's server received it.",
                },
            },
        },
        "examples": _examples(examples.of_events()),
    }


def dead_letter(settings: Settings) -> JSON:
    """The message of a record that the stage could not use."""
    return {
        "name": "DeadLetter",
        "summary": "A raw record that could not be used, with its own key, value and headers",
        "headers": _headers(ERRORS, {name: {"type": "string"} for name in ERRORS}, ERRORS.keys() - _NOT_ALWAYS),
        "payload": {"description": "The original bytes, whatever they are."},
        "examples": _examples(examples.of_dead_letters(settings)),
        "bindings": {"kafka": {"key": {"description": "The original key."}, "bindingVersion": BINDING}},
    }


def _key(kind: Kind) -> JSON:
    if kind is Kind.WORKER:
        return {"type": "string", "description": "The worker's resource id."}
    return {"type": "string", "format": "uuid", "description": "The flow run's id."}


def _headers(meanings: Mapping[str, str], values: Mapping[str, dict[str, JSON]], always: Collection[str]) -> JSON:
    return {
        "type": "object",
        "required": [name for name in meanings if name in always],
        "properties": {name: {**values[name], "description": meaning} for name, meaning in meanings.items()},
    }


def _examples(examples: Iterable[Example]) -> JSON:
    return [_example(*example) for example in examples]


def _example(summary: str, key: str, headers: Mapping[str, str], payload: JSON) -> JSON:
    example: dict[str, JSON] = {"summary": summary, "payload": payload}
    return {**example, "headers": dict(headers)} if headers else example
