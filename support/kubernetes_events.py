"""Made-up flow runs of a Kubernetes worker, as prefect-kubernetes 0.6 and later tell of them: its worker has created a
Job within half a second, its pod lives and ends, and the flow run changes its state.
"""

import random
import uuid
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from support.events import EXECUTED, OPEN, SUBMITTED, of_run, uuid_of, worker_of, written

WORKER: Final = "prefect.worker.kubernetes.k8s"

_SECOND: Final = 1_000_000
_BEGIN: Final = 1_793_491_200 * _SECOND
"""2026-11-01, in microseconds since 1970."""
_APART: Final = _SECOND // 50
_LASTS: Final = OPEN * _APART


class Told(NamedTuple):
    """An event, and when it occurred, in microseconds since 1970."""

    occurred: int
    value: bytes


def runs(count: int, seed: int = 3) -> Iterator[tuple[bytes, bytes]]:
    """``count`` flow runs of seven events each, of which some 100 are open at a time: Kafka keys (the run's id) and
    values, in order of time.
    """
    rng = random.Random(seed)  # noqa: S311 - the same each time
    waiting: list[tuple[int, bytes, bytes]] = []
    for number in range(count):
        run, now = uuid_of(rng), _BEGIN + number * _APART
        told = life(rng, run, now, lasts=_LASTS * rng.randint(50, 150) // 100)
        waiting += ((event.occurred, run.encode(), event.value) for event in told)
        if number % OPEN == OPEN - 1 or number == count - 1:
            waiting.sort()
            end = now if number < count - 1 else waiting[-1][0] + 1
            yield from ((key, value) for occurred, key, value in waiting if occurred < end)
            waiting = [one for one in waiting if one[0] >= end]


def life(rng: random.Random, run: str, submitted: int, lasts: int) -> list[Told]:
    """What is told of a run that was submitted then, and whose pod ended so many microseconds later."""
    start, job = uuid_of(rng), f"sly-fox-{rng.getrandbits(20):05x}"
    pod, created, ended = uuid_of(rng), submitted + lasts // 50, submitted + lasts
    named = {"prefect.infrastructure.identifier": f"default:{job}", "prefect.infrastructure.status-code": "0"}
    worker = worker_of(WORKER)
    return [
        Told(submitted, written(SUBMITTED, start, submitted, worker, of_run(run))),
        Told(created, written(EXECUTED, uuid_of(rng), created, worker, of_run(run, named), start)),
        phase(run, pod, job, "pending", created),
        phase(run, pod, job, "running", submitted + lasts // 5),
        state(rng, run, "Running", "RUNNING", submitted + lasts // 2),
        state(rng, run, "Completed", "COMPLETED", submitted + lasts * 9 // 10),
        phase(run, pod, job, "succeeded", ended),
    ]


def phase(run: str, pod: str, job: str, name: str, occurred: int) -> Told:
    """A pod's phase. Ids repeat with the pod and the phase, as the observer's do."""
    resource = {
        "prefect.resource.id": f"prefect.kubernetes.pod.{pod}",
        "prefect.resource.name": f"{job}-{pod[:5]}",
        "kubernetes.namespace": "default",
    }
    id_ = str(uuid.uuid5(uuid.UUID(pod), name))
    return Told(occurred, written(f"prefect.kubernetes.pod.{name}", id_, occurred, resource, of_run(run)))


def state(rng: random.Random, run: str, name: str, type_: str, occurred: int) -> Told:
    """A flow run's change of state."""
    flow_run, *related = of_run(run)
    resource: Mapping[str, str] = {
        "prefect.resource.id": flow_run["prefect.resource.id"],
        "prefect.resource.name": flow_run["prefect.resource.name"],
        "prefect.run-count": "1",
        "prefect.state-message": "",
        "prefect.state-name": name,
        "prefect.state-type": type_,
    }
    return Told(occurred, written(f"prefect.flow-run.{name}", uuid_of(rng), occurred, resource, related))
