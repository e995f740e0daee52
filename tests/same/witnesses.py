"""Events of pods, tasks and flow runs, mostly as Prefect's servers and observers write them."""

import random
import uuid
from typing import Any, Final

from support import events
from tests.same.oddities import uuid_text

PHASES: Final = ("pending", "running", "succeeded", "failed", "evicted")
STATE_TYPES: Final = ("RUNNING", "RUNNING", "COMPLETED", "FAILED", "CRASHED", "CANCELLED")
OTHER_TYPES: Final = ("PENDING", "SCHEDULED", "CANCELLING", "PAUSED", "completed", "", None, 5)
NAMES: Final = (*(f"prefect.kubernetes.pod.{phase}" for phase in PHASES), "prefect.ecs.task.stopped")
"""The names of the events of pods and tasks; those of states may have any name."""

IDENTIFIERS: Final = ("default:job-0", "default:job-1", "prod:default:job-0", "c::arn-0", "c::arn-1")
"""Identifiers that a worker may have given to a run's pods and tasks."""
_POD, _TASK, _RUN = "prefect.kubernetes.pod.", "prefect.ecs.task.", "prefect.flow-run."


def witness(rng: random.Random, run: str) -> dict[str, Any]:
    """An event without times, of one of a run's few pods or tasks, or about its state."""
    return _state(rng, run) if rng.random() < 0.5 else _phase(rng, run)


def _state(rng: random.Random, run: str) -> dict[str, Any]:
    type_ = rng.choice(STATE_TYPES) if rng.random() < 0.97 else rng.choice(OTHER_TYPES)
    name = rng.choice((str(type_).title(), str(type_).title(), "Running", "Late", "OutOfMoney", "é.x", ""))
    labels = {
        "prefect.resource.id": f"{_RUN}{run}",
        "prefect.resource.name": "sly-fox",
        "prefect.run-count": "1",
        "prefect.state-name": name if rng.random() < 0.95 else None,
        "prefect.state-type": type_,
    }
    return _event(rng, f"{_RUN}{name}", uuid_text(rng), labels, run)


def _phase(rng: random.Random, run: str) -> dict[str, Any]:
    number, task = rng.randrange(3), rng.random() < 0.25
    phase = "stopped" if task else rng.choice(PHASES)
    name = f"arn-{number}" if task else f"job-{number}-x{rng.randrange(2)}"
    labels = {"prefect.resource.id": f"{_TASK if task else _POD}{run}.{name}"}
    if rng.random() < 0.95:
        labels["ecs.taskArn" if task else "prefect.resource.name"] = name
    if phase in ("failed", "evicted") and rng.random() < 0.5:
        labels["kubernetes.reason"] = rng.choice(("OOMKilled", "Error", "r" * 1025))
    id_ = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{run} {name} {phase}")) if rng.random() < 0.9 else uuid_text(rng)
    return _event(rng, f"{_TASK if task else _POD}{phase}", id_, labels, run)


def _event(rng: random.Random, name: str, id_: str, labels: dict[str, Any], run: str) -> dict[str, Any]:
    told: dict[str, Any] = {"event": name, "resource": labels, "related": [{**it} for it in events.of_run(run)]}
    if rng.random() < 0.02:
        told["payload"] = {"p": "p" * 66_000}
    if rng.random() < 0.3:
        told["follows"] = uuid_text(rng)
    return told | {"id": id_}
