"""The job that every peer does: match a run's end to the start that it ``follows``, and write a record of the two.

Six fields; the stage's record has 22, and is decided by more than ``follows``. Imported by programs in environments of
their own, so it knows nothing but the standard library and orjson.
"""

import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson

SUBMITTED: Final = "prefect.worker.submitted-flow-run"
EXECUTED: Final = "prefect.worker.executed-flow-run"
OURS: Final = b"prefect.worker."
"""Bytes that an event must contain to be parsed; others' events do not."""


class Job(NamedTuple):
    """A peer's arguments."""

    app_id: str
    broker: str
    input: str
    output: str
    state: str
    """A directory of its own."""
    guarantee: str = "at-least-once"
    """Or ``exactly-once``."""

    @property
    def changelog(self) -> str:
        """The changelog for peers whose library has none of its own; it exists before they start."""
        return f"{self.app_id}-changelog"


class Start(NamedTuple):
    """The part of a start that is remembered."""

    id: str
    occurred: str


def told() -> Job:
    """The job in the program's arguments."""
    return Job(*sys.argv[1:])


def parsed(value: bytes) -> dict[str, Any] | None:
    """A start or an end; None for any other event."""
    if OURS not in value:
        return None
    event: dict[str, Any] = orjson.loads(value)
    return event if event["event"] in (SUBMITTED, EXECUTED) else None


def record(run: str, start: Start, end: Mapping[str, Any]) -> dict[str, Any]:
    """The record of a pair."""
    ended = end["occurred"]
    span = datetime.fromisoformat(ended) - datetime.fromisoformat(start.occurred)
    return {
        "flow_run_id": run,
        "started_id": start.id,
        "ended_id": end["id"],
        "started": start.occurred,
        "ended": ended,
        "duration_seconds": span.total_seconds(),
    }
