"""Real sessions of five releases of Prefect: their records say what happened, whatever the order of the events."""

import random
from collections.abc import Iterable
from typing import Any

import orjson
import pytest

from correlator import records
from correlator.core import Rules
from correlator.event import Kind
from correlator.moments import Moment
from correlator.replay import Replay
from demo.session import SESSIONS, lines
from tests.prefect.events import READING
from tests.sessions.expected import RUNS, WORKERS, Run, Worker

Record = dict[str, Any]

NAMES = [path.name.partition(".jsonl")[0] for path in SESSIONS]
SESSION = dict(zip(NAMES, map(lines, SESSIONS), strict=True))
SHUFFLES = 20


def published(said: Iterable[bytes]) -> dict[str, Record]:
    """The last version of each record, by id; open lifecycles end as with ``--flush``."""
    replay = Replay(Rules(), READING, wall_clock=lambda: Moment(2**60))
    lifecycles = [one for line in said for one in replay.read(line)]
    lifecycles += [*replay.end(), *replay.flush()]
    assert list(replay.open()) == []
    values = (orjson.loads(records.render(one, "test").value) for one in lifecycles)
    return {value["record_id"]: value for value in values}


def of(kind: Kind, said: dict[str, Record]) -> list[Record]:
    """The records of a kind, in the order in which their lifecycles began."""
    own = [record for record in said.values() if ("uptime_seconds" in record) == (kind is Kind.WORKER)]
    return sorted(own, key=lambda record: str(record.get("submitted_at", record.get("started_at")) or "at the end"))


@pytest.mark.parametrize("name", NAMES)
def test_every_lifecycle_is_as_it_was(name: str) -> None:
    said = published(SESSION[name])
    runs = [
        Run(
            record["flow_run"]["name"],
            record["outcome"],
            record["ended_by"],
            record["duration_seconds"],
            record["state"] and record["state"]["type"],
            record["startup_seconds"],
        )
        for record in of(Kind.FLOW_RUN, said)
    ]
    workers = [
        Worker(record["worker"]["id"].split(".", 3)[3], record["outcome"], record["uptime_seconds"])
        for record in of(Kind.WORKER, said)
    ]
    assert runs == [run._replace(why=None) for run in RUNS[name]]
    assert workers == [worker._replace(why=None) for worker in WORKERS[name]]


@pytest.mark.parametrize("name", NAMES)
def test_who_never_said_that_it_ended_is_known(name: str) -> None:
    """Every run without a report from its worker, or from its pods if that does not wait, has a known reason."""
    for run in RUNS[name]:
        assert (run.why is None) == (run.ended_by in {"worker", "infrastructure"}), run
    for worker in WORKERS[name]:
        assert (worker.why is None) == (worker.outcome == "completed"), worker


STARTS = {"prefect.worker.submitted-flow-run": "submitted", "prefect.worker.started": "started"}
ENDS = {"prefect.worker.executed-flow-run": "executed", "prefect.worker.stopped": "stopped"}


@pytest.mark.parametrize("name", NAMES)
def test_every_event_of_a_worker_is_in_its_record(name: str) -> None:
    """Each event is in one record, of its own run or worker, with its time; an end is in that of the start it names."""
    said = published(SESSION[name])
    told = 0
    for event in map(orjson.loads, SESSION[name]):
        role = (STARTS | ENDS).get(event["event"])
        if role is None:
            continue
        told += 1
        (record,) = [one for one in said.values() if one.get(f"{role}_event_id") == event["id"]]
        whose = [event["resource"], *event["related"]]
        own = record["worker"]["id"] if "started_at" in record else f"prefect.flow-run.{record['flow_run']['id']}"
        assert own in {labels["prefect.resource.id"] for labels in whose}
        time = record[f"{role}_at"] or record["created_at"]
        assert time == event["occurred"]
        if event["follows"] is not None:
            assert event["follows"] in {record.get("submitted_event_id"), record.get("started_event_id")}
    ids = [record.get(f"{role}_event_id") for record in said.values() for role in {**STARTS, **ENDS}.values()]
    assert told == len([id_ for id_ in ids if id_ is not None])


@pytest.mark.parametrize("name", NAMES)
def test_every_cancellation_and_last_state_is_told_of_its_run(name: str) -> None:
    said = of(Kind.FLOW_RUN, published(SESSION[name]))
    by_run = {
        run: [one for one in said if one["flow_run"]["id"] == run] for run in {one["flow_run"]["id"] for one in said}
    }
    events = [orjson.loads(line) for line in SESSION[name]]
    for event in events:
        type_ = event["resource"].get("prefect.state-type")
        run = event["resource"]["prefect.resource.id"].removeprefix("prefect.flow-run.")
        if type_ not in {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"} or run not in by_run:
            continue
        submits = [one for one in by_run[run] if one["submitted_at"] and one["submitted_at"] <= event["occurred"]]
        if submits:  # of its latest submit, and its last
            assert submits[-1]["state"]["at"] >= event["occurred"]
            assert submits[-1]["state"]["type"] == type_
    cancelled = {}
    for event in events:
        if event["event"].endswith(".cancelled-flow-run"):
            runs = [
                one["prefect.resource.id"] for one in event["related"] if one["prefect.resource.role"] == "flow-run"
            ]
            cancelled[runs[0].removeprefix("prefect.flow-run.")] = event
    for run, event in cancelled.items():
        record = by_run[run][-1]
        assert record["outcome"] == "cancelled"
        assert record["cancelled_at"] <= event["occurred"]
        by_runner = event["event"] == "prefect.runner.cancelled-flow-run"
        assert (record["runner"] and record["runner"]["id"]) == (
            event["resource"]["prefect.resource.id"] if by_runner else None
        )


# The order of arrival makes no difference (rule A4), as a session is shorter than every span that is waited for.


@pytest.mark.parametrize("name", NAMES)
def test_reversed_and_doubled_it_says_the_same(name: str) -> None:
    said = published(SESSION[name])
    assert published(SESSION[name][::-1]) == said
    assert published([*SESSION[name], *SESSION[name]]) == said
    assert published([line for line in SESSION[name] for _ in range(2)]) == said


@pytest.mark.parametrize("name", NAMES)
def test_shuffled_it_says_the_same(name: str) -> None:
    said = published(SESSION[name])
    for seed in range(SHUFFLES):
        shuffled = [*SESSION[name], *random.Random(seed).sample(SESSION[name], 20)]
        random.Random(seed).shuffle(shuffled)
        assert published(shuffled) == said, seed


def test_all_releases_together() -> None:
    """Sessions one after another, and merged by time: every subject is decided by itself."""
    together = [line for name in NAMES if not name.startswith("prefect-3.9.1-e") for line in SESSION[name]]
    together.sort(key=lambda line: orjson.loads(line)["received"])
    runs = {record["record_id"]: record for one in NAMES for record in of(Kind.FLOW_RUN, published(SESSION[one]))}
    for record in of(Kind.FLOW_RUN, published(together)):
        assert record == runs[record["record_id"]]


def test_nothing_of_the_machine_is_in_them() -> None:
    """Paths are placeholders: there is no home, no temporary directory, and no address except loopback."""
    for said in SESSION.values():
        text = b"\n".join(said)
        for trace in (b"/root", b"/home/", b"/tmp/", b"/work/", b"/Users/", b"127.0.0.1", b"localhost"):
            assert trace not in text
