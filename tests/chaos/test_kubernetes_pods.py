"""What Kubernetes' API says of pods, read."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from chaos.kubernetes.pods import Pod, are_ready, read, readiness, restarts

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
READY = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-30T12:00:07Z"}
NOT_READY = {"type": "Ready", "status": "False", "lastTransitionTime": "2026-11-30T12:00:09Z"}
RUNS = {
    "restartCount": 0,
    "containerID": "containerd://c0",
    "state": {"running": {"startedAt": "2026-11-30T12:00:02Z"}},
}
RUNS_AGAIN = RUNS | {"restartCount": 1, "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}}}
WAITS = {"restartCount": 2, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}


def listed(*pods: tuple[dict[str, Any], dict[str, Any]]) -> str:
    return orjson.dumps({"items": [{"metadata": metadata, "status": status} for metadata, status in pods]}).decode()


def pod(name: str = "correlator-0", **different: Any) -> Pod:
    plain = Pod(name, f"uid of {name}", "10.0.0.1", False, NOON, "c0", NOON - timedelta(seconds=5), 0, None)
    return plain._replace(**different)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param(
            {"podIP": "10.0.0.1", "conditions": [READY], "containerStatuses": [RUNS]},
            {"ready": NOON + timedelta(seconds=7), "started": NOON + timedelta(seconds=2), "container": "c0"},
            id="it runs",
        ),
        pytest.param(
            {"podIP": "10.0.0.1", "conditions": [NOT_READY], "containerStatuses": [RUNS]},
            {"ready": None, "started": NOON + timedelta(seconds=2), "container": "c0"},
            id="it starts",
        ),
        pytest.param(
            {"podIP": "10.0.0.1", "conditions": [READY], "containerStatuses": [RUNS_AGAIN]},
            {
                "ready": NOON + timedelta(seconds=7),
                "started": NOON + timedelta(seconds=2),
                "restarts": 1,
                "last_end": "OOMKilled",
            },
            id="it was ended",
        ),
        pytest.param(
            {"podIP": "10.0.0.1", "conditions": [NOT_READY], "containerStatuses": [WAITS]},
            {"ready": None, "started": None, "restarts": 2, "container": ""},
            id="it waits to be started again",
        ),
        pytest.param(
            {"conditions": [{"type": "PodScheduled", "status": "False", "lastTransitionTime": "2026-11-30T12:00:00Z"}]},
            {"ready": None, "started": None, "address": None, "container": ""},
            id="it has no node yet",
        ),
    ],
)
def test_a_pod(status: dict[str, Any], expected: dict[str, Any]):
    (read_,) = read(listed(({"name": "correlator-0", "uid": "uid of correlator-0"}, status)))
    assert read_ == pod(**expected)


def test_one_that_is_being_deleted():
    metadata = {"name": "correlator-0", "uid": "u", "deletionTimestamp": "2026-11-30T12:00:30Z"}
    (going,) = read(listed((metadata, {"conditions": [READY], "containerStatuses": [RUNS]})))
    assert going.ends


@pytest.mark.parametrize(
    ("pods", "ready"),
    [
        ([pod(), pod("correlator-1")], True),
        ([pod()], False),
        ([pod(), pod("correlator-1"), pod("correlator-2")], False),
        ([pod(), pod("correlator-1", ready=None)], False),
        ([pod(), pod("correlator-1", ends=True)], False),
        ([pod(), pod("correlator-1", started=None)], False),  # it ended, and its probe has not said so yet
    ],
)
def test_all_that_are_wanted_are_ready(pods: list[Pod], *, ready: bool):
    assert are_ready(pods, 2) is ready


def test_readiness_is_of_those_that_started_meanwhile():
    late = pod("correlator-1", started=NOON, ready=NOON + timedelta(seconds=3))
    assert readiness([pod(), late], NOON - timedelta(seconds=60)) == 5
    assert readiness([pod(), late], NOON - timedelta(seconds=1)) == 3
    assert readiness([pod()], NOON) is None


def test_restarts_are_of_pods_that_stayed():
    assert restarts([pod(restarts=1)], [pod(restarts=3)]) == 2
    assert restarts([pod(restarts=4)], [pod(uid="another")]) == 0
    assert restarts([], [pod("correlator-2", restarts=1)]) == 1
