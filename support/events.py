"""Made-up events for tests and measurements, shaped and sized (0.9 kB) as a Prefect 3.9.1 server sends them."""

import random
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson

STARTED: Final = "prefect.worker.started"
STOPPED: Final = "prefect.worker.stopped"
SUBMITTED: Final = "prefect.worker.submitted-flow-run"
EXECUTED: Final = "prefect.worker.executed-flow-run"
CANCELLED: Final = "prefect.runner.cancelled-flow-run"

OPEN: Final = 100
"""How many of the runs of `pairs` are open at a time."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_BEGIN: Final = (datetime(2026, 11, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_APART: Final = 20_000
"""Microseconds between two submits of `pairs`."""


def pairs(count: int, seed: int = 1) -> Iterator[tuple[bytes, bytes]]:
    """``count`` flow runs, each submitted and executed within 5 minutes: Kafka keys (the run's id) and values."""
    rng = random.Random(seed)  # noqa: S311 - the same each time
    now = _BEGIN
    open_: list[tuple[str, str, str]] = []
    for number in range(count):
        run, worker = uuid_of(rng), f"prefect.worker.process.w-{number % 200}"
        start = uuid_of(rng)
        yield run.encode(), event(SUBMITTED, start, now, run, worker)
        open_.append((run, worker, start))
        if len(open_) > OPEN:
            chosen = rng.randrange(OPEN)
            open_[chosen], open_[-1] = open_[-1], open_[chosen]
            yield _executed(rng, now, *open_.pop())
        now += _APART
    for opened in open_:
        yield _executed(rng, now, *opened)


def event(name: str, id_: str, occurred: int, subject: str, worker: str, follows: str | None = None) -> bytes:
    """One of a worker's or a runner's, of ``subject``: a worker's resource id, or a flow run's UUID.

    ``occurred`` is in microseconds since 1970 UTC, ``worker`` the resource id of the run's worker.
    """
    if name in (STARTED, STOPPED):
        return written(name, id_, occurred, worker_of(subject), of_worker(), follows)
    resource = runner_of("prefect.runner.made-up") if name == CANCELLED else worker_of(worker)
    return written(name, id_, occurred, resource, of_run(subject), follows)


def written(
    name: str,
    id_: str,
    occurred: int,
    resource: Mapping[str, str],
    related: Sequence[Mapping[str, str]],
    follows: str | None = None,
    received: int | None = None,
) -> bytes:
    """Any event as JSON; ``occurred`` and ``received`` are in microseconds since 1970 UTC."""
    told = {
        "occurred": _EPOCH + timedelta(microseconds=occurred),
        "event": name,
        "resource": resource,
        "related": related,
        "payload": {},
        "id": id_,
        "follows": follows,
    }
    if received is not None:
        told["received"] = _EPOCH + timedelta(microseconds=received)
    return orjson.dumps(told, option=orjson.OPT_UTC_Z)


def worker_of(id_: str) -> dict[str, str]:
    """The labels of a worker, ``prefect.worker.<type>.<name>``."""
    *_, type_, name = id_.split(".", 3)
    return {
        "prefect.resource.id": id_,
        "prefect.resource.name": name,
        "prefect.version": "3.9.1",
        "prefect.worker-type": type_,
    }


def runner_of(id_: str) -> dict[str, str]:
    """The labels of a runner, ``prefect.runner.<name>``."""
    return {
        "prefect.resource.id": id_,
        "prefect.resource.name": id_.rpartition(".")[2],
        "prefect.version": "3.9.1",
    }


def of_worker() -> list[dict[str, str]]:
    """What a worker's own events are related to."""
    return [_related("work-pool", uuid.UUID(int=7), "pool")]


def of_run(run: str, labels: Mapping[str, str] | None = None) -> list[dict[str, str]]:
    """What a flow run's events are related to, the run with these ``labels`` besides."""
    return [
        {**_related("flow-run", run, "sly-fox"), **(labels or {})},
        _related("flow", uuid.UUID(int=8), "etl"),
        _related("deployment", uuid.UUID(int=9), "prod"),
        _related("tag", "nightly"),
        *of_worker(),
    ]


def uuid_of(rng: random.Random) -> str:
    """Another UUID of a seed."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def _executed(rng: random.Random, now: int, run: str, worker: str, start: str) -> tuple[bytes, bytes]:
    return run.encode(), event(EXECUTED, uuid_of(rng), now, run, worker, start)


def _related(kind: str, id_: object, name: str | None = None) -> dict[str, str]:
    named = {} if name is None else {"prefect.resource.name": name}
    return {"prefect.resource.id": f"prefect.{kind}.{id_}", "prefect.resource.role": kind} | named
