"""What came of a tour, as a table: for the terminal, and for the documentation."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.table import Table

from bench.document import row
from chaos.kubernetes.tour import Seen, Tour
from chaos.table import Row

COLUMNS: Final = (
    "times",
    "lost",
    "wrong",
    "twice",
    "away, s",
    "which",
    "ready, s",
    "caught up, s",
    "restarts",
    "records",
)
NUMBERS: Final = [column != "which" for column in COLUMNS]


def terminal(tour: Tour, title: str) -> Table:
    """For the terminal: in red what is not as it should be."""
    shown = Table(title=title, title_justify="left")
    shown.add_column("what happens", no_wrap=True)
    for column, number in zip(COLUMNS, NUMBERS, strict=True):
        shown.add_column(column, justify="right" if number else "left", no_wrap=True)
    for name, cells, good in _rows(tour):
        shown.add_row(name, *cells, style=None if good else "red")
    return shown


def document(tour: Tour) -> Iterator[str]:
    """The same in Markdown, line by line."""
    yield row(["what happens", *COLUMNS])
    yield row(["---", *("--:" if number else "---" for number in NUMBERS)])
    for name, cells, _ in _rows(tour):
        yield row([name, *cells])


def _rows(tour: Tour) -> Iterator[tuple[str, Sequence[str], bool]]:
    for name, judged in tour.trial.rows.items():
        yield name, list(_cells(judged, tour.seen.get(name))), judged.is_good


def _cells(judged: Row, seen: Seen | None) -> Iterator[str]:
    yield from map(str, (judged.times, judged.lost, judged.wrong, judged.twice))
    yield from (f"{seen.away.seconds:.1f}", seen.away.partition) if seen else ("–", "–")
    yield "–" if seen is None or seen.ready is None else f"{seen.ready:.0f}"
    yield f"{judged.caught_up:.1f}"
    yield from (f"{seen.restarts}", f"{seen.records:,}") if seen else ("–", "–")
