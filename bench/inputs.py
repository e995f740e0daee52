"""The inputs: lifecycle events alone; the mix that a busy server sends, 5 % of which are lifecycle events; and the runs
of a Kubernetes worker, with the pods and states that report their ends.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final, NamedTuple

import orjson

from support import events

OTHERS: Final = 19
"""Events of others in the mix for each event of a worker or a runner."""

_STATES: Final = ("Scheduled", "Pending", "Submitting", "Running", "Completed")
"""The states of a run between submit and exit, once each. The last two are events of ours, too (rule F8)."""
_TASKS: Final = ("Pending", "Running", "Completed")
_RECENT: Final = 100
_BEGIN: Final = datetime(2026, 11, 1, tzinfo=UTC)


class Input(NamedTuple):
    """A topic, and how much it holds."""

    name: str
    topic: str
    events: int
    pairs: int


def mix(pairs: int, seed: int = 2) -> Iterator[tuple[bytes, bytes]]:
    """The events of `events.pairs`, each followed by the states of its run, and by states of tasks of recent runs."""
    rng = random.Random(seed)
    recent: list[bytes] = []
    submitted: set[bytes] = set()
    number = 0
    for key, value in events.pairs(pairs):
        yield key, value
        recent = [*recent[1 - _RECENT :], key]
        states = [] if key in submitted else list(pairwise(_STATES))
        submitted.add(key)
        for other in range(OTHERS):
            number += 1
            occurred = _BEGIN + timedelta(milliseconds=number)
            if other < len(states):
                yield key, changed(rng, key.decode(), "flow-run", *states[other], occurred)
            else:
                run = recent[rng.randrange(len(recent))]
                yield run, changed(rng, run.decode(), "task-run", rng.choice(_TASKS), rng.choice(_TASKS), occurred)


def changed(rng: random.Random, run: str, what: str, before: str, after: str, occurred: datetime) -> bytes:
    """A state change of a run, or of one of its tasks, with the shape and size (1.3 kB) that a Prefect 3.9.1 server
    sends.
    """
    flow_run, *related = events.of_run(run)
    resource: dict[str, Any] = {
        "prefect.resource.id": flow_run["prefect.resource.id"].replace("flow-run", what),
        "prefect.resource.name": flow_run["prefect.resource.name"],
        "prefect.run-count": "1",
        "prefect.state-message": "",
        "prefect.state-name": after,
        "prefect.state-timestamp": occurred.isoformat(),
        "prefect.state-type": after.upper(),
    }
    queue = {
        "prefect.resource.id": f"prefect.work-queue.{events.uuid_of(rng)}",
        "prefect.resource.role": "work-queue",
        "prefect.resource.name": "default",
    }
    told = {
        "occurred": occurred,
        "event": f"prefect.{what}.{after}",
        "resource": resource,
        "related": [*related, queue],
        "payload": {
            "intended": {"from": before.upper(), "to": after.upper()},
            "initial_state": {"type": before.upper(), "name": before},
            "validated_state": {"type": after.upper(), "name": after},
        },
        "id": events.uuid_of(rng),
        "follows": events.uuid_of(rng),
    }
    return orjson.dumps(told)
