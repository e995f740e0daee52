"""Lifecycle events in quantity, shaped and sized as Prefect's are (about 0.9 kB)."""

import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import orjson

OPEN = 100
"""How many runs are open at a time."""


def pairs(count: int, seed: int = 1) -> Iterator[tuple[bytes, bytes]]:
    """``count`` flow runs, each submitted and executed within 5 minutes: Kafka keys (the run's id) and values."""
    rng = random.Random(seed)
    now = datetime(2026, 11, 1, tzinfo=UTC)
    open_: list[tuple[str, str, str]] = []
    for number in range(count):
        run, worker = _uuid(rng), f"prefect.worker.process.w-{number % 200}"
        start = _uuid(rng)
        yield run.encode(), _event("submitted-flow-run", start, None, now, worker, run)
        open_.append((start, worker, run))
        if len(open_) > OPEN:
            chosen = rng.randrange(OPEN)
            open_[chosen], open_[-1] = open_[-1], open_[chosen]
            yield _executed(rng, now, *open_.pop())
        now += timedelta(milliseconds=20)
    for opened in open_:
        yield _executed(rng, now, *opened)


def _executed(rng: random.Random, now: datetime, start: str, worker: str, run: str) -> tuple[bytes, bytes]:
    return run.encode(), _event("executed-flow-run", _uuid(rng), start, now, worker, run)


def _uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def _related(kind: str, id_: object, name: str | None = None) -> dict[str, str]:
    named = {} if name is None else {"prefect.resource.name": name}
    return {"prefect.resource.id": f"prefect.{kind}.{id_}", "prefect.resource.role": kind} | named


def _event(name: str, id_: str, follows: str | None, occurred: datetime, worker: str, run: str) -> bytes:
    return orjson.dumps(
        {
            "occurred": occurred,
            "event": f"prefect.worker.{name}",
            "resource": {
                "prefect.resource.id": worker,
                "prefect.resource.name": worker.rpartition(".")[2],
                "prefect.version": "3.9.1",
                "prefect.worker-type": "process",
            },
            "related": [
                _related("flow-run", run, "sly-fox"),
                _related("flow", uuid.UUID(int=8), "etl"),
                _related("deployment", uuid.UUID(int=9), "prod"),
                _related("tag", "nightly"),
                _related("work-pool", uuid.UUID(int=7), "pool"),
            ],
            "payload": {},
            "id": id_,
            "follows": follows,
        }
    )
