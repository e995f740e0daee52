"""What is told of runs whose worker does not wait: made up, as Prefect and its Kubernetes observer would tell it."""

import random
from collections.abc import Iterator

from support.events import EXECUTED, SUBMITTED, of_run, uuid_of, worker_of, written

WORKER = "prefect.worker.kubernetes.k8s"
SECOND = 1_000_000
LASTS = 90 * SECOND
STARTUPS = (3 * SECOND, 20 * SECOND, 70 * SECOND)
ENDS = (("COMPLETED", "succeeded"), ("FAILED", "succeeded"), ("CRASHED", "failed"), ("COMPLETED", None))
"""The type of the flow run's terminal state, and how its pod ended, if anybody says so."""


def detached_runs(count: int, begin: int, *, silent: int = 0, seed: int = 1) -> Iterator[bytes]:
    """``count`` runs, one a second from a time in microseconds on, each told from its submit to its pod's end; of the
    first ``silent`` ones nothing but the submit and the creation.
    """
    rng = random.Random(seed)
    told: list[tuple[int, bytes]] = []
    for number in range(count):
        told += _run(rng, begin + number * SECOND, number, silent=number < silent)
    yield from (value for _, value in sorted(told))


def _run(rng: random.Random, at: int, number: int, *, silent: bool) -> Iterator[tuple[int, bytes]]:
    run, submit, job = uuid_of(rng), uuid_of(rng), f"sly-fox-{number}"
    created = of_run(run, {"prefect.infrastructure.identifier": f"ns:{job}", "prefect.infrastructure.status-code": "0"})
    yield at, written(SUBMITTED, submit, at, worker_of(WORKER), of_run(run), received=at)
    yield at + 1, written(EXECUTED, uuid_of(rng), at + 1, worker_of(WORKER), created, submit, at + 1)
    if silent:
        return
    type_, exit_ = ENDS[number % len(ENDS)]
    running, ended = at + STARTUPS[number % len(STARTUPS)], at + LASTS
    yield _state(rng, run, running, "RUNNING")
    yield _state(rng, run, ended, type_)
    if exit_ is not None:
        pod = {
            "prefect.resource.id": f"prefect.kubernetes.pod.{uuid_of(rng)}",
            "prefect.resource.name": f"{job}-x1",
            "kubernetes.namespace": "ns",
        }
        gone = ended + SECOND
        yield gone, written(f"prefect.kubernetes.pod.{exit_}", uuid_of(rng), gone, pod, of_run(run), received=gone)


def _state(rng: random.Random, run: str, at: int, type_: str) -> tuple[int, bytes]:
    own = {
        "prefect.resource.id": f"prefect.flow-run.{run}",
        "prefect.resource.name": "sly-fox",
        "prefect.state-name": type_.title(),
        "prefect.state-type": type_,
    }
    name = f"prefect.flow-run.{type_.title()}"
    return at, written(name, uuid_of(rng), at, own, of_run(run)[1:], received=at)
