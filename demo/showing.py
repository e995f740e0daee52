"""How the demo shows records: a table that grows by a line per record, and a summary."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

COLUMNS = (("record", 17), ("who", 32), ("how long", 11), ("matched by", 10), ("outcome", 19), ("flow, exit", 19))
STARTS = ("prefect.worker.started", "prefect.worker.submitted-flow-run")


class Show:
    """Says things, and shows records as they come."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._began = time.monotonic()
        self._records: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self.amended = False
        """Whether a record came again."""

    def say(self, text: str) -> None:
        """A line for the person at the terminal."""
        self._console.print(text, markup=False)

    def record(self, kind: str, record: Mapping[str, Any]) -> None:
        """Add a line to the table."""
        if not self._records:
            self._line([name for name, _ in COLUMNS], style="bold")
        again = record["record_id"] in self._records
        self.amended = self.amended or again
        outcome = record["outcome"] + (", amended" if again else "")
        self._records[record["record_id"]] = (kind, record)  # the last one is the truth
        cells = [_who(record), _how_long(record), record["matched_by"] or "–", outcome, _how_it_fared(record)]
        self._line([kind, *cells])

    @property
    def records(self) -> list[Mapping[str, Any]]:
        """The last version of each record that was shown."""
        return [record for _, record in self._records.values()]

    def summary(self, events: Sequence[bytes]) -> None:
        """What it came to: events read, records by kind and outcome, what is still open, and how long it took."""
        said = [orjson.loads(event) for event in events]
        ended = {record.get("started_event_id", record.get("submitted_event_id")) for record in self.records}
        still_open = sum(event["event"] in STARTS and event["id"] not in ended for event in said)
        table = Table(title=f"\n{len(self._records)} records of {len(events)} events", title_justify="left")
        for column in ("record", "outcome", "records"):
            table.add_column(column, justify="right" if column == "records" else "left")
        for (kind, outcome), count in sorted(
            Counter((kind, record["outcome"]) for kind, record in self._records.values()).items()
        ):
            table.add_row(kind, outcome, str(count))
        table.add_section()
        table.add_row("still open", "–", str(still_open))
        self._console.print(table)
        self.say(f"in {time.monotonic() - self._began:.0f} seconds")

    def pairs(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Say something of each of several things."""
        grid = Table.grid(padding=(0, 2, 0, 0), pad_edge=True)
        for what, said in pairs:
            grid.add_row(Text(what), Text(said))
        self._console.print(grid, soft_wrap=False)

    def _line(self, cells: Sequence[str], style: str = "") -> None:
        self._console.print(
            "  ".join(cell[:width].ljust(width) for cell, (_, width) in zip(cells, COLUMNS, strict=True)).rstrip(),
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


def _how_it_fared(record: Mapping[str, Any]) -> str:
    if "flow_run" not in record:
        return ""
    state, exit_ = record["state"], (record["infrastructure"] or {}).get("status_code")
    told = (state and state["type"], None if exit_ is None else f"exit {exit_}")
    return ", ".join(filter(None, told)) or "–"
