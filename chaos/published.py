"""What was published, as the verdict compares it."""

from decimal import Decimal
from typing import Any

import orjson

from chaos.plots import Expected

VALUE_LEFT_OUT = "__streams.errors.value"


def record(value: bytes) -> tuple[str, tuple[object, ...]]:
    """A record's id, and what it says, as `plots.records` has it."""
    said: dict[str, Any] = orjson.loads(value)
    lasted = said.get("uptime_seconds", said.get("duration_seconds"))
    what = (
        said["outcome"],
        said["matched_by"],
        None if lasted is None else round(Decimal(str(lasted)) * 1_000_000),
        said.get("started_event_id", said.get("submitted_event_id")),
        said.get("stopped_event_id", said.get("executed_event_id")),
        said.get("cancelled_event_id"),
        said["superseded_by_event_id"],
    )
    return said["record_id"], (*what, "ambiguous") if said["ambiguous"] else what


def letter(key: bytes | None, *, kept: bool) -> Expected:
    """A dead letter: the key tells which, and ``kept`` whether it has its value."""
    return Expected(f"the dead letter of {key!r}", (kept,))
