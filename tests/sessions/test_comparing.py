"""The comparison finds every way in which a record may be wrong: one that cannot would be worth nothing."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sessions.comparing import Row, compare
from sessions.deeds import Deed, Done, Plot, State

BEGIN = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
RUN = "5635e7d9-9918-4888-b640-63b9ab96d532"


def at(seconds: float) -> str:
    return datetime.fromtimestamp(BEGIN + seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(BEGIN + seconds, UTC)


COMPLETES = Deed(Plot.COMPLETES, RUN, BEGIN, BEGIN + 30, began=BEGIN + 11, ended=BEGIN + 13, pid=42)
STATES = [
    State("SCHEDULED", "Scheduled", moment(0.1)),
    State("PENDING", "Pending", moment(1.5)),
    State("RUNNING", "Running", moment(10)),
    State("COMPLETED", "Completed", moment(14)),
]
COMPLETED: dict[str, Any] = {
    "record": "flow-run-duration",
    "outcome": "completed",
    "matched_by": "follows",
    "flow_run": {"id": RUN, "name": "stoic-heron"},
    "infrastructure": {"identifier": "42", "status_code": 0, "exit": None, "reason": None},
    "state": {"type": "COMPLETED", "name": "Completed", "at": at(14)},
    "submitted_at": at(2),
    "running_at": at(10),
    "executed_at": at(15),
    "ended_at": at(15),
    "ended_by": "worker",
    "cancelled_at": None,
    "duration_seconds": 13.0,
}
STOPPED = Deed(Plot.STOPPED, "Wörker", BEGIN, BEGIN + 62, began=BEGIN + 3, ended=BEGIN + 60)
UP: dict[str, Any] = {
    "record": "worker-uptime",
    "outcome": "completed",
    "matched_by": "follows",
    "worker": {"id": "prefect.worker.process.worker", "name": "Wörker"},
    "started_at": at(2),
    "stopped_at": at(61),
    "uptime_seconds": 59.0,
}


def rows(deeds: list[Deed], *records: dict[str, Any], release: str = "3.9.1") -> list[Row]:
    return compare(Done(release, "3.11.7", 60, deeds, {RUN: STATES}), records)


def test_what_is_as_it_must_be():
    run, worker = rows([COMPLETES, STOPPED], UP, COMPLETED)
    assert run == Row(Plot.COMPLETES, "completed, 13.0 s, worker, COMPLETED, exit 0")
    assert worker == Row(Plot.STOPPED, "completed, 59.0 s")


def test_what_prefect_does_not_tell_is_right_and_says_why():
    lost = UP | {"outcome": "lost", "stopped_at": None, "uptime_seconds": None}
    (row,) = rows([STOPPED], lost, release="3.1.2")
    assert not row.wrong
    assert "3.1.3" in row.why
    assert rows([STOPPED], lost)[0].wrong, "from 3.1.3 on, it tells"


WRONG = [
    ("no record", {}, "there is no record"),
    ("outcome", {"outcome": "lost"}, "outcome is lost; completed is right"),
    ("how it was matched", {"matched_by": "resource"}, "matched_by is resource; follows is right"),
    ("whose word", {"ended_by": "flow-run"}, "ended_by is flow-run"),
    ("exit", {"infrastructure": {"identifier": "42", "status_code": 1}}, "status_code is 1; 0 is right"),
    ("process", {"infrastructure": {"identifier": "43", "status_code": 0}}, "process 43; 42 is right"),
    ("no infrastructure", {"infrastructure": None}, "status_code is None"),
    ("state", {"state": {"type": "FAILED", "name": "Failed", "at": at(14)}}, "by the API"),
    ("when the state was", {"state": {"type": "COMPLETED", "name": "Completed", "at": at(14.1)}}, "by the API"),
    ("no state", {"state": None}, "by the API"),
    ("when it ran, by the API", {"running_at": at(9)}, "running_at is"),
    ("when it ran, by the clock", {"running_at": at(12)}, "began to run at another time"),
    ("before it was asked for", {"submitted_at": at(-1), "duration_seconds": 16.0}, "its start was at another time"),
    ("after its code ran", {"submitted_at": at(12), "duration_seconds": 3.0}, "its start was at another time"),
    ("an end before its code's", {"ended_at": at(12), "duration_seconds": 10.0}, "its end was at another time"),
    ("an end long after", {"ended_at": at(99), "duration_seconds": 97.0}, "its end was at another time"),
    ("the length", {"duration_seconds": 13.5}, "its length"),
    ("when it was cancelled", {"cancelled_at": at(-2)}, "cancelled at another time"),
]


@pytest.mark.parametrize(("changed", "said"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_what_is_wrong(changed: dict[str, Any], said: str):
    (row,) = rows([COMPLETES], *([COMPLETED | changed] if changed else []))
    assert any(said in words for words in row.wrong), row.wrong


def test_of_two_submits_each_has_its_record():
    again = Deed(Plot.AGAIN, RUN, BEGIN + 30, BEGIN + 50, began=BEGIN + 41, ended=BEGIN + 43, pid=43)
    states = [*STATES, State("RUNNING", "Running", moment(40)), State("COMPLETED", "Completed", moment(44))]
    second = COMPLETED | {
        "infrastructure": {"identifier": "43", "status_code": 0},
        "state": {"type": "COMPLETED", "name": "Completed", "at": at(44)},
        "submitted_at": at(32),
        "running_at": at(40),
        "ended_at": at(45),
    }
    done = Done("3.9.1", "3.11.7", 60, [COMPLETES, again], {RUN: states})
    assert [row.wrong for row in compare(done, [second, COMPLETED])] == [(), ()]
    assert [bool(row.wrong) for row in compare(done, [COMPLETED])] == [True, True]


def test_a_record_of_nothing_is_wrong():
    served = Deed(Plot.SERVED, RUN, BEGIN, BEGIN + 30)
    assert [bool(row.wrong) for row in rows([served])] == [False]
    assert [bool(row.wrong) for row in rows([served], COMPLETED)] == [False, True]
