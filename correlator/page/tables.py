"""The tables: their rows, and the columns in which at least one row has something to say."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from correlator.page.describing import WORKER, Description

VISIBLE_ROWS: Final = 25
"""How many rows a table shows at first; the others are a click away."""

COLUMNS: Final[Mapping[str, Callable[[Description], object]]] = {
    "Worker or run": lambda it: it.summary.name,
    "Run": lambda it: it.summary.name,
    "Name": lambda it: it.summary.name,
    "State": lambda it: it.state,
    "Outcome": lambda it: it.state,
    "Duration": lambda it: it.lasts is not None,
    "For": lambda it: it.lasts is not None,
    "Start-up": lambda it: it.summary.startup is not None,
    "Usually within": lambda it: it.usual is not None,
    "Since": lambda it: it.summary.first,
    "From": lambda it: it.summary.started,
    "To": lambda it: it.until,
    "End told by": lambda it: it.told_by,
    "Worker": lambda it: it.carrier,
    "Work pool": lambda it: it.summary.pool,
    "Held by": lambda it: it.held_by,
    "Published by": lambda it: it.held_by,
    "Notes": lambda it: it.notes,
}
"""What a row has in the column of each heading; falsy if nothing."""

COMMON_VALUES: Final = {"End told by": WORKER}
"""The value that most rows have in a column. If all rows have it, the column is left out."""

RUN_COLUMNS: Final = (
    "Run",
    "State",
    "For",
    "Start-up",
    "Usually within",
    "Since",
    "Worker",
    "Work pool",
    "Held by",
    "Notes",
)
WORKER_COLUMNS: Final = ("Name", "State", "For", "Since", "Work pool", "Held by", "Notes")
RECORD_COLUMNS: Final = (
    *("Worker or run", "Outcome", "Duration", "Start-up", "From", "To"),
    *("End told by", "Worker", "Work pool", "Published by", "Notes"),
)
LONGEST_RUN_COLUMNS: Final = ("Run", *RECORD_COLUMNS[1:])


class Table(NamedTuple):
    """A table of lifecycles."""

    columns: Sequence[str]
    """The headings."""
    first: Sequence[Description]
    """The rows that are shown at first."""
    rest: Sequence[Description]
    """The rows that a click shows."""
    total: int
    """How many lifecycles there are, with a row or without."""

    @property
    def left_out(self) -> int:
        return self.total - len(self.first) - len(self.rest)


def table(columns: Sequence[str], rows: Sequence[Description], total: int) -> Table:
    """A table of ``rows``, out of ``total`` lifecycles."""
    filled = [column for column in columns if any(_tells(column, row) for row in rows)]
    return Table(filled, rows[:VISIBLE_ROWS], rows[VISIBLE_ROWS:], max(total, len(rows)))


def _tells(column: str, row: Description) -> bool:
    said = COLUMNS[column](row)
    return bool(said) and said != COMMON_VALUES.get(column)
