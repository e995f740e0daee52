"""The tables: which rows, and of the columns those in which any row says something."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from correlator.page.telling import WORKER, Told

FIRST: Final = 25
"""Rows that are there at a glance; the others are a click away."""

COLUMNS: Final[Mapping[str, Callable[[Told], object]]] = {
    "Worker or run": lambda it: it.seen.name,
    "Run": lambda it: it.seen.name,
    "Name": lambda it: it.seen.name,
    "State": lambda it: it.state,
    "Outcome": lambda it: it.state,
    "Duration": lambda it: it.lasts is not None,
    "For": lambda it: it.lasts is not None,
    "Start-up": lambda it: it.seen.startup is not None,
    "Usually within": lambda it: it.usual is not None,
    "Since": lambda it: it.seen.first,
    "From": lambda it: it.seen.started,
    "To": lambda it: it.until,
    "End told by": lambda it: it.told_by,
    "Worker": lambda it: it.carrier,
    "Work pool": lambda it: it.seen.pool,
    "Held by": lambda it: it.held_by,
    "Published by": lambda it: it.held_by,
    "Notes": lambda it: it.notes,
}
"""By heading: what a row has to say under it, falsy where nothing."""

USUAL: Final = {"End told by": WORKER}
"""What most rows say under a heading; where all of them do, there is no need for a column."""

RUNS: Final = ("Run", "State", "For", "Start-up", "Usually within", "Since", "Worker", "Work pool", "Held by", "Notes")
WORKERS: Final = ("Name", "State", "For", "Since", "Work pool", "Held by", "Notes")
RECORDS: Final = (
    *("Worker or run", "Outcome", "Duration", "Start-up", "From", "To"),
    *("End told by", "Worker", "Work pool", "Published by", "Notes"),
)
LONGEST: Final = ("Run", *RECORDS[1:])


class Table(NamedTuple):
    """Rows under headings."""

    columns: Sequence[str]
    first: Sequence[Told]
    rest: Sequence[Told]
    total: int
    """How many there are, shown or not."""

    @property
    def left_out(self) -> int:
        return self.total - len(self.first) - len(self.rest)


def table(columns: Sequence[str], rows: Sequence[Told], total: int) -> Table:
    """A table of some rows, of so many that there are."""
    filled = [column for column in columns if any(_tells(column, row) for row in rows)]
    return Table(filled, rows[:FIRST], rows[FIRST:], max(total, len(rows)))


def _tells(column: str, row: Told) -> bool:
    said = COLUMNS[column](row)
    return bool(said) and said != USUAL.get(column)
