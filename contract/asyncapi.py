"""The AsyncAPI 3 document of the stage: what it reads and publishes, for people and tools that know nothing else."""

from datetime import timedelta
from typing import Final

from contract import messages
from contract.messages import BINDING
from correlator.event import JSON, Kind
from correlator.settings import Settings
from correlator.topics.declared import CLEANUP_POLICY, RETENTION, TopicSpec, declared

VERSION: Final = "1.0.0"
"""The version of the contract. Its major number is that of the records (``ce_type``); additions raise the minor one."""


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
            " once, and the last one of a `record_id` is the truth. Keys may be added to records: ignore those"
            " that you do not know.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "events": _channel(events, "Prefect's raw events, however they are keyed.", {"event": messages.event()}),
            "workerUptime": _channel(
                uptimes, "How long workers were up.", {"record": messages.record(Kind.WORKER, settings.source)}
            ),
            "flowRunDuration": _channel(
                durations,
                "How long the infrastructure of flow runs lived: provisioning, run and teardown.",
                {"record": messages.record(Kind.FLOW_RUN, settings.source)},
            ),
            "deadLetter": _channel(
                letters,
                "Input records that name one of Prefect's events that count but are not valid, as they came.",
                {"letter": messages.dead_letter(settings)},
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


def _channel(spec: TopicSpec, description: str, carried: dict[str, JSON]) -> JSON:
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
        "messages": carried,
        "bindings": {"kafka": {**kafka, "bindingVersion": BINDING}},
    }


def _operation(action: str, channel: str, summary: str) -> JSON:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "summary": summary}
