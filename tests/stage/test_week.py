"""A week of events, replayed: the records say what really ended, and nothing is `lost` that was not."""

import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
import pytest

from correlator import records
from correlator.core import Lifecycle, Rules
from correlator.event import Kind
from correlator.records.identity import record_id
from correlator.replay import Replay
from tests.commands.running import correlator
from tests.prefect.events import READING
from tests.stage.generated import Life, Log, Shape, generate

WEEK = Shape(hours=7 * 24, runs=18_000, workers=40, witnessed=2_000)


def told(lifecycles: Iterable[Lifecycle]) -> dict[str, dict[str, Any]]:
    """The last value of each record."""
    values = (orjson.loads(records.render(lifecycle, "test").value) for lifecycle in lifecycles)
    return {value["record_id"]: value for value in values}


def replayed(log: Log, rules: Rules) -> tuple[dict[str, dict[str, Any]], set[str]]:
    """The records of a log, and the ids of those still open."""
    replay = Replay(rules, READING, wall_clock=lambda: time.time_ns() // 1000)
    final = told(lifecycle for line in log.lines for lifecycle in replay.read(line))
    final |= told(replay.end())
    assert replay.fates.total() == len(log.said)
    assert replay.fates["invalid"] == 0
    return final, told(replay.open()).keys() - final.keys()


def outcomes(life: Life, lives: list[Life], last: float) -> set[str]:
    """What may be said of a lifecycle, whose subject had these: rules O1, O2, O3 and O5. A week is too short for rule
    O4. ``last``: when the log ends; until ``grace`` before it, the word of any witness counts (rule W2).
    """
    if life.ended_by != "worker" and life.ended > last * 1_000_000 - Rules().grace:
        return {"completed", "cancelled", "open"}
    if life.cancellation is not None:
        return {"cancelled", "open"} if life.end is None else {"cancelled"}
    if life.start is None:
        return {"unmatched", "open"}
    if life.end is not None:
        return {"completed"}
    newer = any(other.start and other.started > life.started for other in lives)
    return {"superseded", "open"} if newer else {"open"}


def says(record: dict[str, Any]) -> dict[str, Any]:
    """What a record says of a lifecycle that began and ended."""
    said = {"matched_by": record["matched_by"]}
    if "uptime_seconds" in record:
        return said | {"seconds": record["uptime_seconds"], "end": record["stopped_event_id"]}
    end = record["executed_event_id"] if record["ended_by"] == "worker" else None
    state = record["state"] and record["state"]["type"]
    told = {name: record[name] for name in ("ended_by", "startup_seconds")}
    return said | told | {"seconds": record["duration_seconds"], "end": end, "state": state}


def truth(life: Life) -> dict[str, Any]:
    """The same of what was."""
    matched_by = "follows" if life.follows else "resource"
    was = {"matched_by": matched_by, "seconds": max(0, life.ended - life.started) / 1_000_000, "end": life.end}
    if life.kind is Kind.WORKER:
        return was
    startup = (life.running - life.started) / 1_000_000 if life.running else None
    end = life.end if life.ended_by == "worker" else None
    return was | {"end": end, "state": life.state, "ended_by": life.ended_by, "startup_seconds": startup}


@pytest.mark.parametrize("seed", range(3))
def test_a_week_says_what_it_contained(seed: int) -> None:
    log = generate(seed, WEEK)
    began = time.process_time()
    final, open_ = replayed(log, Rules())
    assert time.process_time() - began < 60
    subjects: dict[str, list[Life]] = {}
    for life in log.lives:
        subjects.setdefault(life.subject, []).append(life)
    wrong = []
    for life in log.lives:
        id_ = record_id(life.kind, life.identity)
        record = final.pop(id_, None)
        outcome = "open" if record is None else record["outcome"]
        if outcome not in outcomes(life, subjects[life.subject], log.said[-1].arrived) or (
            record is None and id_ not in open_
        ):
            wrong.append((outcome, life))
            continue
        if record is not None and life.start and life.end and says(record) != truth(life):
            wrong.append((record, life))
    assert wrong == []
    assert final == {}, "records of nothing that was"


def test_twins_add_up_where_names_are_shared() -> None:
    """Whose stop is whose nobody can tell (rule M4): as many ended as stopped, and together they were up as long."""
    log = generate(7, Shape(hours=24, runs=0, workers=0, twins=50))
    final, open_ = replayed(log, Rules(worker_names_shared=True))
    ended = [life for life in log.lives if life.end is not None]
    assert Counter(record["outcome"] for record in final.values()) == {"completed": len(ended)}
    assert len(open_) == len(log.lives) - len(ended)
    assert all(life.kind is Kind.WORKER for life in log.lives)
    for name in {life.subject for life in log.lives}:
        mine = [record for record in final.values() if record["worker"]["id"] == name]
        if len(mine) == 2:
            assert all(record["ambiguous"] for record in mine)
            up = sum(life.ended - life.started for life in ended if life.subject == name)
            assert round(sum(record["uptime_seconds"] for record in mine) * 1e6) == up


def test_a_recorded_week_by_the_command(tmp_path: Path) -> None:
    """The file of a week, as a user replays it."""
    log = generate(3, WEEK)
    path = tmp_path / "week.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in log.lines))
    ended = correlator("replay", str(path))
    assert ended.returncode == 0, ended.stderr
    expected, _ = replayed(log, Rules())
    final = {}
    for line in ended.stdout.splitlines():
        record = orjson.loads(line)
        del record["record"]
        final[record["record_id"]] = record
    assert final == expected
    assert f"{len(log.said):,} lines in " in ended.stderr
