"""What is read: events of lifecycles alone, and the mix that a busy server sends, of which 5 % are of lifecycles."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import orjson

from local import events

OTHERS: Final = 19
"""Events of others in the mix, for each of ours."""

_STATES: Final = ("Scheduled", "Pending", "Submitting", "Running", "Completed")
_RECENT: Final = 100
_BEGIN: Final = datetime(2026, 11, 1, tzinfo=UTC)


class Input(NamedTuple):
    """A topic, and what it holds."""

    name: str
    topic: str
    events: int
    pairs: int


def mix(pairs: int, seed: int = 2) -> Iterator[tuple[bytes, bytes]]:
    """The events of `events.pairs`, and after each of them the states of runs that were mentioned of late."""
    rng = random.Random(seed)
    recent: list[bytes] = []
    number = 0
    for key, value in events.pairs(pairs):
        yield key, value
        recent = [*recent[1 - _RECENT :], key]
        for _ in range(OTHERS):
            number += 1
            run = recent[rng.randrange(len(recent))]
            yield run, changed(rng, run.decode(), _BEGIN + timedelta(milliseconds=number))


def changed(rng: random.Random, run: str, occurred: datetime) -> bytes:
    """A run's change of state, shaped and sized (1.3 kB) as a Prefect 3.9.1 server sends it."""
    before, after = rng.choice(_STATES), rng.choice(_STATES)
    flow_run, *related = events.of_run(run)
    resource: dict[str, Any] = {
        "prefect.resource.id": flow_run["prefect.resource.id"],
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
        "event": f"prefect.flow-run.{after}",
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
