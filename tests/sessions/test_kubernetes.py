"""A real Kubernetes: the records of its runs agree with what its API said about their pods.

``kubernetes/events.jsonl.gz`` is all that a server of Prefect 3.9.1 told a subscriber, repeats included, while a worker
of prefect-kubernetes 0.8.0 ran 26 flow runs on one node of Kubernetes 1.34; ``kubernetes/done.json`` is what was done
with them, their states by Prefect's API, and what a watch of the API of Kubernetes saw of their pods. Runs completed,
failed, left, were killed for memory, deleted, drained, evicted and cancelled; the worker was killed once and stopped
three times.
"""

import gzip
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest

from sessions.kubernetes.comparing import Done, compare
from sessions.kubernetes.plots import EXPECTED, Plot
from tests.sessions.test_sessions import published

DIRECTORY = Path(__file__).with_name("kubernetes")
EVENTS = gzip.decompress((DIRECTORY / "events.jsonl.gz").read_bytes()).splitlines()
DONE = msgspec.json.decode((DIRECTORY / "done.json").read_bytes(), type=Done)


@pytest.fixture(scope="module")
def records() -> dict[str, dict[str, Any]]:
    return published(EVENTS)


def test_every_job_is_published_as_it_was(records):
    rows = compare(DONE, records.values())
    assert [(row.job, row.wrong) for row in rows if row.wrong] == []
    assert sorted(row.job for row in rows) == sorted({pod.job for pod in DONE.pods})
    assert (len(rows), len(DONE.runs)) == (40, 26)


def test_nearly_all_was_done(records):
    """The plots missing here were done in a later session."""
    assert set(Plot) - set(DONE.runs.values()) == {Plot.EVICTED_FOR_GOOD, Plot.EVICTED_ALONE}
    whys = [row.why for row in compare(DONE, records.values())]
    assert sum(map(bool, whys)) == 5  # of 40: four without an end of a pod, and one of whose end the API has no time


@pytest.mark.parametrize("plot", Plot)
def test_of_all_that_is_done_something_is_expected(plot: Plot):
    for wanted in filter(None, EXPECTED[plot]):
        if wanted.says["ended_by"] != {"infrastructure"}:
            assert wanted.why, "what Prefect does not tell has a reason"


@pytest.mark.parametrize("order", ["reversed", "doubled", *range(10)])
def test_in_any_order(order, records):
    """Rule A4: each event up to 5 minutes late. An observer that comes back tells of a pod that was `evicted` as one
    that `failed`, under the same id: the first counts (rule A2).
    """
    if order == "reversed":
        said = EVENTS[::-1]
    elif order == "doubled":
        said = EVENTS + EVENTS
    else:
        rng = random.Random(order)
        late = {line: _occurred(line) + timedelta(minutes=rng.uniform(0, 5)) for line in EVENTS}
        said = sorted(EVENTS, key=lambda line: late[line])
    assert _but_for_exits(published(said)) == _but_for_exits(records)


def _occurred(line: bytes) -> datetime:
    return datetime.fromisoformat(orjson.loads(line)["occurred"])


def _but_for_exits(records: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    def blind(record: dict[str, Any]) -> dict[str, Any]:
        ran = record.get("infrastructure") or {}
        if ran.get("exit") not in {"evicted", "failed"}:
            return record
        return {**record, "infrastructure": {**ran, "exit": "evicted or failed", "reason": None}}

    return {id_: blind(record) for id_, record in records.items()}
