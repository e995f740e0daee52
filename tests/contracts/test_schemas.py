"""The JSON Schemas, held against records as they are published: of the sample, and of a generated week."""

from collections import Counter
from copy import deepcopy
from pathlib import Path

import jsonschema
import orjson
import pytest

from contract import topics
from correlator.event import Kind
from demo.session import SAMPLE
from tests.commands.running import correlator
from tests.stage.generated import DAY, Shape, generate

Validator = jsonschema.Draft202012Validator
WEEK = Shape(hours=7 * 24, runs=700, workers=40, witnessed=150, flow_run_limit=DAY)


def published(kind):
    return orjson.loads((topics.DIRECTORY / f"{kind}.schema.json").read_bytes())


def closed(schema):
    """The schema as what we publish keeps it. As published it takes keys that it does not know: later versions add."""
    schema = deepcopy(schema)
    for part in (schema, *schema["$defs"].values()):
        part["additionalProperties"] = False
    return schema


STRICT = {kind: Validator(closed(published(kind)), format_checker=Validator.FORMAT_CHECKER) for kind in Kind}


def replay(*arguments, **settings):
    ended = correlator("replay", *map(str, arguments), **settings)
    assert ended.returncode == 0, ended.stderr
    records = [orjson.loads(line) for line in ended.stdout.splitlines()]
    return [(Kind(record.pop("record")), record) for record in records]


@pytest.fixture(scope="module")
def sample():
    return replay(SAMPLE)


@pytest.fixture(scope="module")
def week(tmp_path_factory):
    """A week's records, each version, with everything ended at its end."""
    path: Path = tmp_path_factory.mktemp("week") / "week.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in generate(5, WEEK).lines))
    return replay("--flush", path, FLOW_RUN_LIMIT="1d")


@pytest.mark.parametrize("kind", Kind)
def test_the_schemas_are_schemas(kind):
    Validator.check_schema(published(kind))


def test_the_samples_records_are_valid(sample):
    assert {kind for kind, _ in sample} == set(Kind)
    for kind, record in sample:
        STRICT[kind].validate(record)


def test_a_weeks_records_are_valid(week):
    outcomes = Counter((kind, record["outcome"]) for kind, record in week)
    assert {outcome for kind, outcome in outcomes if kind is Kind.WORKER} == {"completed", "superseded", "lost"}
    assert {outcome for kind, outcome in outcomes if kind is Kind.FLOW_RUN} == {
        *("completed", "cancelled", "superseded", "lost", "unmatched")
    }
    for kind, record in week:
        STRICT[kind].validate(record)


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "finished"},
        {"record_id": "1"},
        {"record_id": ...},
        {"duration_seconds": -1},
        {"duration_seconds": "324"},
        {"submitted_at": "2026-11-23T15:38:21Z"},
        {"submitted_at": "2026-11-23T16:38:21.000000+01:00"},
        {"tags": None},
        {"flow_run": None},
        {"unknown": 1},
    ],
    ids=str,
)
def test_what_is_wrong_is_refused(sample, change):
    record = next(record for kind, record in sample if kind is Kind.FLOW_RUN)
    changed = {key: value for key, value in {**record, **change}.items() if value is not ...}
    assert not STRICT[Kind.FLOW_RUN].is_valid(changed)
    assert Validator(published(Kind.FLOW_RUN)).is_valid(record | {"unknown": 1}), "later versions add keys"


STARTS = {"started_at", "started_event_id"}, {"submitted_at", "submitted_event_id"}
ENDS = {"stopped_at", "stopped_event_id"}, {"ended_at", "ended_by"}
SPANS = {"uptime_seconds"}, {"duration_seconds"}
CANCELLATION = {"cancelled_at", "cancelled_event_id"}
BY = {"worker": {"executed_at"}, "infrastructure": {"exit"}, "flow-run": {"state"}, None: set[str]()}
"""What is there besides, by whose word it ended; and is not where nobody said so."""


def test_what_is_null_when(week):
    """The table in ``docs/records.md``."""
    for kind, record in week:
        of_kind = list(Kind).index(kind)
        start, end, span = STARTS[of_kind], ENDS[of_kind], SPANS[of_kind]
        met = {*start, *end, *span, "matched_by"}
        possible = met | CANCELLATION | {"superseded_by_event_id"}
        there = {key for key in possible if record.get(key) is not None}
        match record["outcome"]:
            case "completed":
                assert there == met
            case "superseded":
                assert there == {*start, "superseded_by_event_id"}
            case "lost":
                assert there == start
            case "unmatched":
                assert there == end
            case "cancelled":
                assert record["runner"] or record["state"]["type"] == "CANCELLED"
                assert there in (
                    {*met, *CANCELLATION},
                    {*start, *CANCELLATION},
                    {*end, *CANCELLATION},
                    CANCELLATION,
                )


def test_who_said_that_a_run_has_ended(week):
    """The other table."""
    ways = Counter()
    for kind, record in week:
        if kind is Kind.WORKER:
            continue
        by, infrastructure, state = record["ended_by"], record["infrastructure"] or {}, record["state"]
        told = {
            "executed_at": record["executed_at"],
            "exit": infrastructure.get("exit"),
            "state": state,
        }
        assert all(told[name] is not None for name in BY[by])
        assert (record["executed_at"] is not None) == (by == "worker")
        assert (
            record["ended_at"]
            == {
                "worker": record["executed_at"],
                "infrastructure": record["ended_at"],
                "flow-run": state and state["at"],
                None: None,
            }[by]
        )
        detached = record["worker"] is not None and record["worker"]["type"] in {"kubernetes", "ecs"}
        assert record["created_at"] is None or detached
        assert not detached or infrastructure.get("status_code") is None
        assert (record["startup_seconds"] is None) == (record["running_at"] is None)
        assert record["matched_by"] != "follows" or by == "worker"
        ways[by, detached, record["outcome"]] += 1
    assert {(by, detached) for by, detached, _ in ways} >= {
        ("worker", False),
        ("infrastructure", True),
        ("flow-run", True),
        ("flow-run", False),
        (None, True),
    }
