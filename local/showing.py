"""How the demo shows records: a table that grows by a line per record, and a summary."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

COLUMNS = (("record", 18), ("who", 34), ("how long", 12), ("matched by", 11), ("outcome", 20))
STARTS = ("prefect.worker.started", "prefect.worker.submitted-flow-run")


class Show:
    """Says things, and shows records as they come."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._began = time.monotonic()
        self._records: dict[str, tuple[str, str, str | None]] = {}

    def say(self, text: str) -> None:
        """A line for the person at the terminal."""
        self._console.print(text, markup=False)

    def record(self, kind: str, record: Mapping[str, Any]) -> None:
        """Add a line to the table."""
        if not self._records:
            self._line([name for name, _ in COLUMNS], style="bold")
        outcome = record["outcome"] + (", amended" if record["record_id"] in self._records else "")
        start = record.get("started_event_id", record.get("submitted_event_id"))
        self._records[record["record_id"]] = (kind, record["outcome"], start)  # the last one is the truth
        self._line([kind, _who(record), _how_long(record), record["matched_by"] or "–", outcome])

    def summary(self, events: Sequence[bytes]) -> None:
        """What it came to: events read, records by kind and outcome, what is still open, and how long it took."""
        said = [orjson.loads(event) for event in events]
        ended = {start for _, _, start in self._records.values()}
        still_open = sum(event["event"] in STARTS and event["id"] not in ended for event in said)
        table = Table(title=f"\n{len(self._records)} records of {len(events)} events", title_justify="left")
        for column in ("record", "outcome", "records"):
            table.add_column(column, justify="right" if column == "records" else "left")
        for (kind, outcome), count in sorted(
            Counter((kind, outcome) for kind, outcome, _ in self._records.values()).items()
        ):
            table.add_row(kind, outcome, str(count))
        table.add_section()
        table.add_row("still open", "–", str(still_open))
        self._console.print(table)
        self.say(f"in {time.monotonic() - self._began:.0f} seconds")

    def _line(self, cells: Sequence[str], style: str = "") -> None:
        self._console.print(
            "  ".join(cell[:width].ljust(width) for cell, (_, width) in zip(cells, COLUMNS, strict=True)),
            style=style,
            markup=False,
        )


def _who(record: Mapping[str, Any]) -> str:
    if "flow_run" not in record:
        return f"{record['worker']['name'] or record['worker']['id']}"
    flow = (record["flow"] or {}).get("name")
    run = record["flow_run"]["name"] or record["flow_run"]["id"]
    return f"{run} of {flow}" if flow else str(run)


def _how_long(record: Mapping[str, Any]) -> str:
    seconds = record.get("uptime_seconds", record.get("duration_seconds"))
    return "–" if seconds is None else f"{seconds:.3f} s".rjust(11)
