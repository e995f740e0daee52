"""Faults in the record of a Kubernetes Job are found, without a Kubernetes."""

import ast
import copy
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from click.testing import CliRunner
from msgspec.structs import replace

from sessions.deeds import State
from sessions.driver import FLOWS
from sessions.kept import keep
from sessions.kubernetes.__main__ import main
from sessions.kubernetes.acts import ACTS, UNASKED
from sessions.kubernetes.cluster import Cluster, environment
from sessions.kubernetes.comparing import Done, Row, compare
from sessions.kubernetes.judging import heard
from sessions.kubernetes.listening import Listener
from sessions.kubernetes.plots import Plot
from sessions.kubernetes.pods import Pod, Watch, last
from sessions.kubernetes.stage import FUNCTIONS
from sessions.server import Stuck

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
RECORD = {
    "outcome": "completed",
    "ended_by": "infrastructure",
    "flow_run": {"id": "run", "name": "tidy-otter"},
    "infrastructure": {"identifier": "ns:job-1", "exit": "succeeded", "reason": None, "status_code": None},
    "state": {"type": "COMPLETED", "name": "Completed", "at": "2026-11-30T12:00:14.000000Z"},
    "submitted_at": "2026-11-30T12:00:00.500000Z",
    "running_at": "2026-11-30T12:00:05.000000Z",
    "ended_at": "2026-11-30T12:00:16.000000Z",
    "duration_seconds": 15.5,
    "startup_seconds": 4.5,
    "clock_skew_seconds": 0.0,
}
POD = Pod("job-1", "job-1-a", NOON, NOON, NOON + timedelta(seconds=16), "Completed", 0, deleted=False)
STATES = [
    State("RUNNING", "Running", NOON + timedelta(seconds=5)),
    State("COMPLETED", "Completed", NOON + timedelta(seconds=14)),
]


def rows(
    *records: dict[str, Any], plot: Plot = Plot.COMPLETES, pods: tuple[Pod, ...] = (POD,), states: list[State] = STATES
) -> list[Row]:
    return compare(Done("3.9.1", "0.8.0", "v1.34.4", 60, {"run": plot}, {"run": states}, list(pods)), records)


def changed(**places: Any) -> dict[str, Any]:
    record = copy.deepcopy(RECORD)
    for place, value in places.items():
        *outer, key = place.split("__")
        within: dict[str, Any] = record
        for name in outer:
            within = within[name]
        within[key] = value
    return record


def test_what_is_right():
    assert rows(RECORD) == [
        Row(
            "job-1",
            Plot.COMPLETES,
            "completed, 15.5 s, infrastructure, COMPLETED, at 12:00:16, began after 4.5 s, succeeded",
            "12:00:00 to 12:00:16, Completed/0",
        )
    ]


@pytest.mark.parametrize(
    "record, wrong",
    [
        (changed(outcome="lost"), "outcome is lost; completed is right"),
        (changed(infrastructure__exit="evicted"), "infrastructure.exit is evicted; succeeded is right"),
        (
            changed(ended_at="2026-11-30T12:00:15.500000Z", duration_seconds=15.0),
            "ended_at is 2026-11-30 12:00:15.500000+00:00, by the API 2026-11-30 12:00:16+00:00",
        ),
        (changed(duration_seconds=15.4), "its length is not that from its start to its end"),
        (changed(clock_skew_seconds=0.2), "its clocks are not one"),
        (changed(running_at=None), "running_at is None, by the API 2026-11-30 12:00:05+00:00"),
    ],
)
def test_what_is_wrong(record: dict[str, Any], wrong: str):
    (row,) = rows(record)
    assert row.wrong == (wrong,)


def test_the_end_is_that_of_the_pod_that_ended_last():
    first = replace(POD, pod="job-1-b", finished=NOON + timedelta(seconds=4), deleted=True)
    forced = replace(POD, pod="job-1-c", created=NOON + timedelta(hours=1), finished=None)
    (row,) = rows(RECORD, plot=Plot.REPLACED, pods=(forced, POD, first))
    assert row.wrong == ()
    assert row.api == "12:00:00 to 12:00:16, Completed/0, the last of 3"


def test_what_has_no_time_by_the_api_is_right_only_where_that_is_known():
    untimed = replace(POD, started=None, finished=None)
    assert rows(RECORD, pods=(untimed,))[0].wrong
    record = changed(
        infrastructure__exit="evicted", infrastructure__reason="ContainerStatusUnknown", state__type="CRASHED"
    )
    states = [STATES[0], replace(STATES[1], type="CRASHED")]
    (row,) = rows(record, plot=Plot.NO_IMAGE, pods=(untimed,), states=states)
    assert row.wrong == ()
    assert "the API has no times" in row.why


def test_each_submit_has_a_job():
    later = changed(infrastructure__identifier="ns:job-2", submitted_at="2026-11-30T12:00:20.000000Z")
    first, second = rows(RECORD, later, plot=Plot.COMPLETES)
    assert (first.job, first.wrong) == ("job-1", ("it was submitted more than once",))
    assert second.job == "job-2"
    assert ("Prefect submitted it once, and again is right",) in [row.wrong for row in rows(RECORD, plot=Plot.DELETED)]


def test_what_has_no_record_or_is_of_nothing():
    assert [row.wrong for row in rows()] == [("there is no record",), ("there is no record",)]
    other = changed(flow_run={"id": "other", "name": "odd-otter"}, infrastructure__identifier="ns:job-9")
    assert [row.wrong for row in rows(RECORD, other)] == [(), ("it is not of this session",)]


def told(type_: str, state: dict[str, Any], **labels: str) -> str:
    metadata = {"name": "job-1-a", "uid": "1", "creationTimestamp": "2026-11-30T12:00:00Z", "labels": labels}
    status = {"containerStatuses": [{"state": state}]} if state else {}
    return json.dumps({"type": type_, "object": {"metadata": metadata, "status": status}}, indent=1)


ENDED = {
    "reason": "Completed",
    "exitCode": 0,
    "startedAt": "2026-11-30T12:00:00Z",
    "finishedAt": "2026-11-30T12:00:16Z",
}
RUNNING = {"startedAt": "2026-11-30T12:00:00Z"}
OURS = {"job-name": "job-1"}


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_watch_is_read_in_whatever_pieces(size: int):
    states = ({}, {"waiting": {"reason": "ContainerCreating"}}, {"running": RUNNING}, {"terminated": ENDED})
    text = "\n".join([told("ADDED", state, **OURS) for state in states] + [told("ADDED", {})])
    watch = Watch()
    for at in range(0, len(text), size):
        watch.read(text[at : at + size])
    assert watch.pods() == [POD]
    watch.read('{"type": "MODIF')
    watch.again()
    watch.read(told("DELETED", {}, **OURS))
    assert watch.pods() == [replace(POD, deleted=True)]


def test_the_last_of_pods():
    ended, running = POD, replace(POD, pod="job-1-b", created=NOON + timedelta(hours=1), finished=None)
    assert last([running, ended]) == ended
    assert last([running, replace(running, created=NOON)]) == running
    assert last([]) is None


def test_what_a_worker_needs_to_reach_the_cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBECONFIG", "one:/else/two")
    monkeypatch.setenv("NO_PROXY", "localhost")
    assert environment("192.0.2.1") == {"KUBECONFIG": f"{tmp_path}/one:/else/two", "NO_PROXY": "localhost,192.0.2.1"}
    monkeypatch.delenv("KUBECONFIG")
    monkeypatch.delenv("NO_PROXY")
    assert environment("192.0.2.1") == {"NO_PROXY": "192.0.2.1"}


def test_a_kept_session_is_judged_without_a_cluster(tmp_path: Path):
    file = tmp_path / "kubernetes.jsonl"
    keep(file, [], Done("3.9.1", "0.8.0", "v1.34.4", 60, {"run": Plot.COMPLETES}, {"run": []}, []))
    said = CliRunner().invoke(main, ["check", str(file)])
    assert said.exit_code == 1
    assert "kubernetes.heard.jsonl cannot be read" in " ".join(said.output.split())
    heard(file).touch()
    said = CliRunner().invoke(main, ["check", str(file)])
    assert said.exit_code == 1
    assert "there is no record" in " ".join(said.output.split())


def test_an_act_that_is_none_is_refused():
    said = CliRunner().invoke(main, ["drive", "explodes"])
    assert said.exit_code == 2
    assert "worker-killed" in said.output
    assert set(UNASKED) == set(ACTS) - {"drained"}


def test_what_is_deployed_is_there():
    flows = {
        node.name for node in ast.parse((FLOWS / "flows.py").read_text()).body if isinstance(node, ast.FunctionDef)
    }
    assert {*FUNCTIONS} <= flows


async def test_a_cluster_that_is_not_there(tmp_path: Path):
    with pytest.raises(Stuck, match=r"kubectl cannot be run: No such file"):
        await Cluster(str(tmp_path / "kubectl")).open()
    with pytest.raises(Stuck, match=r"kubectl create namespace prefect-session-\w+"):
        await Cluster("false").open()


async def test_what_a_subscriber_hears():
    asked = []

    async def out(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("prefect",))
        await socket.prepare(request)
        asked.append(await socket.receive_json())
        await socket.send_json({"type": "auth_success"})
        asked.append(await socket.receive_json())
        for number in (1, 2, 1):
            await socket.send_json({"type": "event", "event": {"id": number}})
        await socket.close()
        return socket

    app = web.Application()
    app.router.add_get("/api/events/out", out)
    async with TestServer(app) as server:
        listener = Listener(str(server.make_url("/api")))
        with pytest.raises(Stuck, match="closed its websocket"):
            await listener.listen()
        assert listener.is_there.is_set()
        assert listener.heard == [b'{"id":1}', b'{"id":2}', b'{"id":1}']
        assert [message["type"] for message in asked] == ["auth", "filter"]
        url = str(server.make_url("/api"))
    with pytest.raises(Stuck, match="Cannot connect"):
        await Listener(url).listen()
