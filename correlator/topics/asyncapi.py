"""The AsyncAPI 3 document of the stage: what it reads and publishes, for people and tools that know nothing else."""

from datetime import timedelta
from typing import Final

from correlator.event import JSON, Kind
from correlator.prefect.decoding import MEANINGS
from correlator.records.models import MODELS
from correlator.records.rendering import CE_TYPES
from correlator.settings import Settings
from correlator.topics.declared import CLEANUP_POLICY, RETENTION, TopicSpec, declared

VERSION: Final = "1.0.0"
"""Of the contract. The major one is the records' (``ce_type``); what is only added raises the minor one."""

BINDING: Final = "0.5.0"
"""The version of AsyncAPI's bindings for Kafka."""

_HEADERS: Final[dict[str, JSON]] = {
    "ce_specversion": {"const": "1.0"},
    "ce_id": {"type": "string", "format": "uuid", "description": "Of this version of the record."},
    "ce_type": {"type": "string"},
    "ce_source": {"type": "string", "format": "uri-reference", "description": "The app id, or a setting."},
    "ce_subject": {"type": "string", "description": "As the key."},
    "ce_time": {"type": "string", "format": "date-time", "description": "When it ended, else when it began."},
    "content-type": {"const": "application/json"},
}
"""Of every record: CloudEvents 1.0 in the binary mode of its Kafka binding."""

_ERRORS: Final = {
    "exception": "What kind of fault it is.",
    "message": "What is wrong.",
    "topic": "The topic it was read from.",
    "partition": "The partition it was read from.",
    "offset": "The offset it was read from.",
    "value": "Only where the value was too large and is left out: that it was, and how large.",
}
"""Of every dead letter, behind ``__streams.errors.``."""


def document(settings: Settings) -> dict[str, JSON]:
    """The document, for a deployment with these settings."""
    specs = {spec.name: spec for spec in declared(settings)}
    events = specs[settings.topic_events]
    uptimes, durations = specs[settings.topic_worker_uptime], specs[settings.topic_flow_run_duration]
    letters = specs[settings.topic_dead_letter]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Lifecycle correlator",
            "version": VERSION,
            "description": "Joins Prefect's raw events into lifecycle records: how long each worker was up, and how"
            " long the infrastructure of each flow run lived. Names, partitions and replicas are those of the default"
            " settings. Read with `isolation.level=read_committed`: each version of a record is then there exactly"
            " once, and the last one of a `record_id` is the truth.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "events": _channel(events, "Prefect's raw events, however they are keyed.", {"event": _event()}),
            "workerUptime": _channel(uptimes, "How long workers were up.", {"record": _record(Kind.WORKER)}),
            "flowRunDuration": _channel(
                durations,
                "How long the infrastructure of flow runs lived: provisioning, run and teardown.",
                {"record": _record(Kind.FLOW_RUN)},
            ),
            "deadLetter": _channel(
                letters, "What names one of the five events and is no valid one, as it came.", {"letter": _letter()}
            ),
        },
        "operations": {
            "readEvents": _operation("receive", "events", f"As consumer group `{settings.app_id}`."),
            "publishWorkerUptime": _operation(
                "send", "workerUptime", "One record per life of a worker, when it ended."
            ),
            "publishFlowRunDuration": _operation("send", "flowRunDuration", "One record per submit, when it ended."),
            "publishDeadLetter": _operation("send", "deadLetter", "Nothing that should count is silently lost."),
        },
    }


def _channel(spec: TopicSpec, description: str, messages: dict[str, JSON]) -> JSON:
    config: dict[str, JSON] = {}
    if spec.cleanup_policy:
        config[CLEANUP_POLICY] = [spec.cleanup_policy]
    if spec.retention:
        config[RETENTION] = spec.retention // timedelta(milliseconds=1)
    kafka: dict[str, JSON] = {"topic": spec.name, "partitions": spec.partitions, "replicas": spec.replication_factor}
    if config:
        kafka["topicConfiguration"] = config
    return {
        "address": spec.name,
        "description": description,
        "messages": messages,
        "bindings": {"kafka": {**kafka, "bindingVersion": BINDING}},
    }


def _operation(action: str, channel: str, summary: str) -> JSON:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "summary": summary}


def _record(kind: Kind) -> JSON:
    model = MODELS[kind]
    return {
        "name": model.__name__,
        "title": kind,
        "summary": " ".join((model.__doc__ or "").split()),
        "contentType": "application/json",
        "headers": {
            "type": "object",
            "required": list(_HEADERS),
            "properties": {**_HEADERS, "ce_type": {"const": CE_TYPES[kind]}},
        },
        "payload": {"$ref": f"./{kind}.schema.json"},
        "bindings": {"kafka": {"key": _key(kind), "bindingVersion": BINDING}},
    }


def _key(kind: Kind) -> JSON:
    if kind is Kind.WORKER:
        return {"type": "string", "description": "The worker's resource id."}
    return {"type": "string", "format": "uuid", "description": "The flow run's id."}


def _event() -> JSON:
    return {
        "name": "PrefectEvent",
        "summary": "An event as Prefect 3 sends it; any other is passed over",
        "contentType": "application/json",
        "payload": {
            "type": "object",
            "required": ["event", "id", "occurred", "resource"],
            "properties": {
                "event": {"type": "string", "enum": list(MEANINGS)},
                "id": {"type": "string", "format": "uuid"},
                "occurred": {"type": "string", "format": "date-time"},
                "resource": {"type": "object", "description": "The worker, or the runner that cancelled."},
                "related": {"type": "array", "items": {"type": "object"}},
                "follows": {"type": ["string", "null"], "format": "uuid"},
                "received": {"type": ["string", "null"], "format": "date-time"},
            },
        },
    }


def _letter() -> JSON:
    return {
        "name": "DeadLetter",
        "summary": "A raw record that could not be used, with its own key, value and headers",
        "headers": {
            "type": "object",
            "properties": {
                f"__streams.errors.{name}": {"type": "string", "description": description}
                for name, description in _ERRORS.items()
            },
        },
        "payload": {"description": "The original bytes: whatever they are."},
    }
