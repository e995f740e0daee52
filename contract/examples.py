"""Examples for the contract, of each message: what the sample session in the project's own checkout gives."""

import json
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import orjson

from correlator import prefect, records
from correlator.core import Rules
from correlator.engine import Received
from correlator.event import JSON, Kind
from correlator.moments import Moment
from correlator.replay import Replay
from correlator.settings import Settings
from correlator.stage.dead_letters import DeadLetters

SAMPLE: Final = Path(__file__).parents[1] / "local" / "sample" / "prefect-3.9.1-events.jsonl"

_MAX_TAGS, _MAX_BYTES = 1000, 1 << 20


class Example(NamedTuple):
    """A message as one finds it in its topic."""

    summary: str
    key: str
    headers: dict[str, str]
    payload: JSON


class _Raw(NamedTuple):
    """A raw record, as a consumer returns it."""

    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int = 0
    timestamp_type: int = 0
    headers: tuple[tuple[str, bytes], ...] = ()


def of_records(kind: Kind, source: str) -> list[Example]:
    """The first of each outcome and way of matching; those that Prefect did not link first."""
    told: dict[str, Example] = {}
    for example in reversed(_decided(source)[kind]):
        assert isinstance(example.payload, dict)
        told[f"{example.payload['matched_by']} {example.payload['outcome']}"] = example
    return [told[name] for name in sorted(told, reverse=True)]


def of_events() -> list[Example]:
    """The submit and the exit of the same run."""
    run = of_records(Kind.FLOW_RUN, "")[0].payload
    assert isinstance(run, dict)
    ids = (run["submitted_event_id"], run["executed_event_id"])
    events = {event["id"]: event for event in map(orjson.loads, SAMPLE.read_bytes().splitlines())}
    return [Example(events[id_]["event"], "", {}, events[id_]) for id_ in ids]


def of_dead_letters(settings: Settings) -> list[Example]:
    """The same submit, had it not named its flow run."""
    event = of_events()[0].payload
    assert isinstance(event, dict)
    record: Received = _Raw(4711, b"a-key", orjson.dumps(event | {"related": []}))
    try:
        prefect.decode(record.value, _MAX_TAGS)
    except prefect.InvalidEvent as reason:
        letters = DeadLetters(settings.topic_dead_letter, settings.partitions, _MAX_BYTES)
        message = letters.letter(settings.topic_events, 3, record, reason)
        headers = {name: (value or b"").decode() for name, value in message.headers}
        return [Example("A submit that names no flow run", "a-key", headers, orjson.loads(message.value or b""))]
    raise AssertionError("an event without its flow run is not valid")


@cache
def _decided(source: str) -> dict[Kind, list[Example]]:
    replay = Replay(Rules(), max_tags=_MAX_TAGS, wall_clock=lambda: Moment(0))
    lifecycles = [one for line in SAMPLE.read_bytes().splitlines() for one in replay.read(line)]
    examples: dict[Kind, list[Example]] = {kind: [] for kind in Kind}
    for lifecycle in [*lifecycles, *replay.end()]:
        kind, key, value, headers = records.render(lifecycle, source)
        told = {name: text.decode() for name, text in headers}
        payload = json.loads(value, parse_float=orjson.Fragment)  # with all of its decimals
        summary = f"{payload['outcome']}, matched by {payload['matched_by']}"
        examples[kind].append(Example(summary, key.decode(), told, payload))
    return examples
