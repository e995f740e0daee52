"""What Prefect says of a worker or a run, as JSON (about 0.9 kB)."""

from datetime import UTC, datetime, timedelta
from typing import Final

import orjson

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
STARTED: Final = "prefect.worker.started"
STOPPED: Final = "prefect.worker.stopped"
SUBMITTED: Final = "prefect.worker.submitted-flow-run"
EXECUTED: Final = "prefect.worker.executed-flow-run"
CANCELLED: Final = "prefect.runner.cancelled-flow-run"


def event(name: str, id_: str, occurred: int, subject: str, worker: str, follows: str | None) -> bytes:
    """An event of ``subject``, a worker's resource id or a flow run's UUID, in microseconds since 1970 UTC."""
    own = {"prefect.resource.id": subject, "prefect.resource.name": "w", "prefect.version": "3.9.1"}
    related = [_related("work-pool", "00000000-0000-4000-8000-000000000007", "pool")]
    if name in (SUBMITTED, EXECUTED, CANCELLED):
        own["prefect.resource.id"] = "prefect.runner.chaos" if name == CANCELLED else worker
        related += [
            _related("flow-run", subject, "sly-fox"),
            _related("flow", "00000000-0000-4000-8000-000000000008", "etl"),
            _related("deployment", "00000000-0000-4000-8000-000000000009", "prod"),
            {"prefect.resource.id": "prefect.tag.nightly", "prefect.resource.role": "tag"},
        ]
    if name != CANCELLED:
        own["prefect.worker-type"] = "process"
    return orjson.dumps(
        {
            "occurred": EPOCH + timedelta(microseconds=occurred),
            "event": name,
            "resource": own,
            "related": related,
            "payload": {},
            "id": id_,
            "follows": follows,
        }
    )


def _related(role: str, id_: str, name: str) -> dict[str, str]:
    return {
        "prefect.resource.id": f"prefect.{role}.{id_}",
        "prefect.resource.role": role,
        "prefect.resource.name": name,
    }
