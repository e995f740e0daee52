"""A fixed piece of work that shows how fast the machine is at the moment."""

import time
from typing import Any, Final, NamedTuple

import orjson

TIMES: Final = 10_000
"""How often the work is repeated."""


class _Seen(NamedTuple):
    id: str
    roles: tuple[str, ...]


def work() -> int:
    """Parse, look up, build and write, as the stage and its peers do. Returns the bytes written."""
    related = [{"id": f"prefect.flow-run.{number}", "role": "flow-run"} for number in range(8)]
    event = orjson.dumps({"event": "prefect.worker.submitted-flow-run", "related": related, "payload": {}})
    written = 0
    for number in range(TIMES):
        told: dict[str, Any] = orjson.loads(event)
        seen = _Seen(f"{told['event']}/{number}", tuple(one["role"] for one in told["related"]))
        written += len(orjson.dumps({"id": seen.id, "roles": seen.roles, "number": number}))
    return written


def calibrated() -> float:
    """The CPU seconds that the work takes now."""
    began = time.process_time()
    work()
    return time.process_time() - began
