"""Examples for the contract, one or more for each message, from two sessions recorded in the project's checkout."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from correlator import prefect, records
from correlator.configured import reading_of
from correlator.core import Rules
from correlator.engine import Received
from correlator.event import JSON, Kind, StateType
from correlator.moments import Moment
from correlator.replay import Replay
from correlator.settings import Settings
from correlator.stage.dead_letters import DeadLetters
from demo.session import KUBERNETES, SAMPLE, lines

_READING: Final = reading_of(Settings.model_construct())
_MAX_BYTES: Final = 1 << 20


class Example(NamedTuple):
    """A message as it is in its topic."""

    summary: str
    key: str
    headers: dict[str, str]
    payload: JSON


class _Raw(NamedTuple):
    """A raw record as a consumer returns it."""

    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int = 0
    timestamp_type: int = 0
    headers: tuple[tuple[str, bytes], ...] = ()


def of_records(kind: Kind, source: str) -> list[Example]:
    """The first record of each outcome, match and witness of the end, beginning with those that Prefect did
    not link.
    """
    told: dict[str, Example] = {}
    for example in reversed([*_decided(SAMPLE, source)[kind], *_decided(KUBERNETES, source)[kind]]):
        assert isinstance(example.payload, dict)
        names = (example.payload.get(name) for name in ("matched_by", "outcome", "ended_by"))
        told[" ".join(map(str, names))] = example
    return [told[name] for name in sorted(told, reverse=True)]


def in_kubernetes(source: str) -> Example:
    """The record of a run in Kubernetes: its pod says when it ended, its state how."""
    completed = f'"{StateType.COMPLETED}"'
    return next(
        example
        for example in _decided(KUBERNETES, source)[Kind.FLOW_RUN]
        if completed in orjson.dumps(example.payload).decode()
    )


def of_events() -> list[Example]:
    """The submit and the exit of one run, and the events of witnesses of a run in Kubernetes."""
    run = of_records(Kind.FLOW_RUN, "")[0].payload
    assert isinstance(run, dict)
    events = {event["id"]: event for event in map(orjson.loads, lines(SAMPLE))}
    pair = [events[run[name]] for name in ("submitted_event_id", "executed_event_id")]
    subject = in_kubernetes("").key
    others = [event for event in map(orjson.loads, lines(KUBERNETES)) if _is_told_of(subject, event)]
    return [Example(event["event"], "", {}, event) for event in [*pair, *others]]


def _is_told_of(run: str, event: dict[str, Any]) -> bool:
    """Whether an event comes from a witness, of a run whose worker does not wait."""
    if event["event"].startswith("prefect.flow-run."):
        return bool(event["resource"]["prefect.resource.id"].endswith(run)) and event["event"].endswith(".Completed")
    ours = event["event"] in {"prefect.worker.executed-flow-run", "prefect.kubernetes.pod.succeeded"}
    return ours and any(other["prefect.resource.id"].endswith(run) for other in event["related"])


def of_dead_letters(settings: Settings) -> list[Example]:
    """The dead letter of the same submit without its flow run."""
    event = of_events()[0].payload
    assert isinstance(event, dict)
    record: Received = _Raw(4711, b"a-key", orjson.dumps(event | {"related": []}))
    try:
        prefect.decode(record.value, _READING)
    except prefect.InvalidEvent as reason:
        letters = DeadLetters(settings.topic_dead_letter, settings.partitions, _MAX_BYTES)
        message = letters.letter(settings.topic_events, 3, record, reason)
        headers = {name: (value or b"").decode() for name, value in message.headers}
        return [Example("A submit that names no flow run", "a-key", headers, orjson.loads(message.value or b""))]
    raise AssertionError("an event without its flow run is not valid")


@cache
def _decided(session: Path, source: str) -> dict[Kind, list[Example]]:
    replay = Replay(Rules(), _READING, wall_clock=lambda: Moment(0))
    lifecycles = [one for line in lines(session) for one in replay.read(line)]
    examples: dict[Kind, list[Example]] = {kind: [] for kind in Kind}
    for lifecycle in [*lifecycles, *replay.end()]:
        kind, key, value, headers = records.render(lifecycle, source)
        told = {name: text.decode() for name, text in headers}
        payload = json.loads(value, parse_float=orjson.Fragment)  # with all of its decimals
        summary = _summary(payload)
        examples[kind].append(Example(summary, key.decode(), told, payload))
    return examples


def _summary(record: dict[str, Any]) -> str:
    ended_by = record.get("ended_by")
    return f"{record['outcome']}, matched by {record['matched_by']}" + (f", ended by {ended_by}" if ended_by else "")
