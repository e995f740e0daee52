"""The document of ``/open.json``, as tools read it."""

import re
from pathlib import Path

import msgspec
import pytest

from correlator.core import EndedBy
from correlator.event import Kind
from correlator.glance.document import Document, Row, Rows, StageWorker
from correlator.glance.written import written
from correlator.page import UsualDuration
from correlator.records.models import FlowRunDuration
from tests.glance.reports import holding, one, report, told
from tests.page.views import HOUR, MINUTE, SECOND, podded, run, worker

OPERATING = Path(__file__).parents[2] / "docs" / "operating.md"


def document(*all_, **more):
    return msgspec.json.decode(written(one(*all_, **more)))


def rows(its):
    return {row["name"]: row for row in its["rows"]}


def test_a_run_that_is_open():
    going = run(1, ago=90 * SECOND, outcome=None, running=None, matched_by=None)
    its = report(holding(2, going), usual={"Long Pool": UsualDuration(20, MINUTE)})
    row = rows(document(told("two", {2}, its))["open"]["runs"])["run-1"]
    assert {name: value for name, value in row.items() if value not in (None, False, 0)} == {
        "record_id": going.record_id,
        "kind": "flow-run-duration",
        "id": going.subject,
        "name": "run-1",
        "held_by": "two",
        "partition": 2,
        "going": True,
        "open_seconds": 90,
        "usual_seconds": 60,
        "flow": "long-sleep",
        "deployment": "long",
        "work_pool": "Long Pool",
        "worker": "Long Worker",
        "started_at": "2026-11-23T15:58:30.000000Z",
    }
    assert tuple(row) == Row.__struct_fields__, "every key is there"


def test_times_are_as_in_records_and_seconds_exact():
    ended = podded(1, ago=HOUR, lasts=324_028_089, startup=20 * SECOND)
    whole = written(one(told("one", set(), report(ended=[ended]))))
    assert b'"duration_seconds":324.028089,"startup_seconds":20.000000' in whole
    row = rows(msgspec.json.decode(whole)["records"])["run-1"]
    assert (row["started_at"], row["running_at"], row["ended_at"]) == (
        "2026-11-23T15:00:00.000000Z",
        "2026-11-23T15:00:20.000000Z",
        "2026-11-23T15:05:24.028089Z",
    )
    assert (row["partition"], row["open_seconds"], row["outcome"]) == (None, None, "completed")
    assert (row["ended_by"], row["state"], row["exit"]) == (EndedBy.INFRASTRUCTURE, "COMPLETED", "succeeded")


def test_totals_are_whole_whatever_is_left_out():
    its = report(holding(0, worker("w", ago=HOUR), total=100_000), ended=[run(1, ago=HOUR)], ended_total=70)
    told_ = document(told("one", {0}, its), partitions=1)
    assert (told_["open"]["runs"]["total"], told_["open"]["workers"]["total"]) == (100_000, 1)
    assert [len(told_["open"][name]["rows"]) for name in ("runs", "workers")] == [0, 1]
    assert (told_["records"]["total"], len(told_["records"]["rows"])) == (70, 1)
    assert (told_["version"], told_["app_id"], told_["at"]) == (1, "prefect-correlator", "2026-11-23T16:00:00.000000Z")


@pytest.mark.parametrize("shape", [Document, StageWorker, Row, Rows])
def test_every_key_is_documented(shape):
    section = OPERATING.read_text().partition("### `/open.json`")[2].partition("\n## ")[0]
    assert set(shape.__struct_fields__) - set(re.findall(r"`(?:\w+\.)*(\w+)`", section)) == set()


def test_what_is_named_as_in_a_record_is_what_it_is_there():
    same = set(Row.__struct_fields__) & set(FlowRunDuration.__struct_fields__)
    assert same == {
        *("record_id", "outcome", "matched_by", "ambiguous", "flow", "deployment", "work_pool", "worker", "runner"),
        *("running_at", "ended_at", "ended_by", "cancelled_at", "state"),
        *("duration_seconds", "startup_seconds", "clock_skew_seconds"),
    }
    assert Kind.FLOW_RUN == "flow-run-duration"
