"""The workers' pods, as Kubernetes' API tells of them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import orjson


class Pod(NamedTuple):
    """A pod of one container."""

    name: str
    uid: str
    address: str | None
    ends: bool
    """Whether it is being deleted."""
    ready: datetime | None
    """Since when; None: it is not."""
    container: str
    """The id of the one that runs, or ran last; empty before the first."""
    started: datetime | None
    """When the container that runs did; None: none runs."""
    restarts: int
    last_end: str | None
    """Why the container before it ended, in Kubernetes' word."""


def read(listed: str) -> list[Pod]:
    """What ``kubectl get pods -o json`` prints, by name."""
    return sorted(_pod(item["metadata"], item["status"]) for item in orjson.loads(listed)["items"])


def are_ready(pods: Sequence[Pod], count: int) -> bool:
    """Whether there are so many, all of them ready, and none is going."""
    return len(pods) == count and all(pod.ready and pod.started and not pod.ends for pod in pods)


def readiness(pods: Iterable[Pod], since: datetime) -> float | None:
    """The most seconds from a container's start to its pod's readiness, of those that started since then; None without
    any. The API tells whole seconds.
    """
    took = [
        (pod.ready - pod.started).total_seconds() for pod in pods if pod.ready and pod.started and pod.started >= since
    ]
    return max((seconds for seconds in took if seconds >= 0), default=None)


def restarts(before: Iterable[Pod], after: Iterable[Pod]) -> int:
    """How many containers were started again in pods that stayed."""
    had = {pod.uid: pod.restarts for pod in before}
    return sum(pod.restarts - had.get(pod.uid, 0) for pod in after)


def _pod(metadata: dict[str, object], status: dict[str, list[dict[str, object]]]) -> Pod:
    ready = [one["lastTransitionTime"] for one in status.get("conditions", ()) if _is_ready(one)]
    (container,) = status.get("containerStatuses") or [{}]
    running, last = _in(container, "state", "running"), _in(container, "lastState", "terminated")
    address = status.get("podIP")
    return Pod(
        name=str(metadata["name"]),
        uid=str(metadata["uid"]),
        address=str(address) if address else None,
        ends="deletionTimestamp" in metadata,
        ready=_time(ready[0]) if ready else None,
        container=str(container.get("containerID", "")).removeprefix("containerd://"),
        started=_time(running["startedAt"]) if running else None,
        restarts=int(str(container.get("restartCount", 0))),
        last_end=str(last["reason"]) if last else None,
    )


def _is_ready(condition: dict[str, object]) -> bool:
    return condition["type"] == "Ready" and condition["status"] == "True"


def _in(thing: dict[str, object], *keys: str) -> dict[str, object]:
    for key in keys:
        found = thing.get(key)
        thing = found if isinstance(found, dict) else {}
    return thing


def _time(text: object) -> datetime:
    return datetime.fromisoformat(str(text))
