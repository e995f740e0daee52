"""What came of the faults, as a table."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.table import Table


@dataclass
class Row:
    """What came of a fault, over all the times that it was thrown."""

    times: int = 0
    lost: int = 0
    wrong: int = 0
    twice: int = 0
    silent: float = 0.0
    """Seconds from its beginning until then for which nothing was published; the most at a stretch."""
    caught_up: float = 0.0
    """Seconds from the fault's end until all that was due then, and for a second more, was published; the greatest."""
    exits: int = 0
    """Workers' ends that nobody asked for."""
    failures: list[str] = field(default_factory=list)
    """What was wrong, a sentence each."""

    @property
    def is_good(self) -> bool:
        """Whether the guarantee held."""
        return not (self.lost or self.wrong or self.twice or self.failures)


def table(rows: Mapping[str, Row], title: str) -> Table:
    """The rows, and what they come to."""
    shown = Table(title=title, title_justify="left")
    shown.add_column("fault", no_wrap=True)
    for column in ("times", "lost", "wrong", "twice", "silent, s", "caught up, s", "exits"):
        shown.add_column(column, justify="right", no_wrap=True)
    for name, row in rows.items():
        _add(shown, name, row)
    shown.add_section()
    every = rows.values()
    total = Row(
        times=sum(row.times for row in every),
        lost=sum(row.lost for row in every),
        wrong=sum(row.wrong for row in every),
        twice=sum(row.twice for row in every),
        silent=max((row.silent for row in every), default=0.0),
        caught_up=max((row.caught_up for row in every), default=0.0),
        exits=sum(row.exits for row in every),
    )
    _add(shown, "all", total)
    return shown


def _add(shown: Table, name: str, row: Row) -> None:
    numbers = (row.times, row.lost, row.wrong, row.twice, f"{row.silent:.1f}", f"{row.caught_up:.1f}", row.exits)
    shown.add_row(name, *map(str, numbers), style=None if row.is_good else "red")
