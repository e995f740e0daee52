"""The judgements of sessions as tables: on the terminal, and for ``docs/prefect.md``."""

import sys
from collections.abc import Iterable, Mapping
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sessions.comparing import Row, Verdict
from sessions.deeds import Done
from sessions.facts import Facts

CONSOLE: Final = Console(highlight=False, soft_wrap=False, width=None if sys.stdout.isatty() else 150)


def table(rows: Iterable[Row], title: str) -> Table:
    """A table with a line for each thing done."""
    shown = Table(title=title, title_justify="left")
    for column in ("what was done", "what the record says", ""):
        shown.add_column(column, overflow="fold")
    for row in rows:
        add_row(shown, row, row.what, row.says)
    return shown


def add_row(shown: Table, verdict: Verdict, *cells: str) -> None:
    """Add a verdict to a table: the cells, then what is wrong, or that all is right, and why."""
    told = "\n".join(verdict.wrong) or (f"right: {verdict.why}" if verdict.why else "right")
    shown.add_row(*map(Text, (*cells, told)), style="red" if verdict.wrong else None)


HEAD = (
    "| release | Python | seconds | events | `stopped` | exit of a flow that raises | `executed` after that state"
    " | cancelled while it runs | with a hook of 8 s | while pending | right |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|"
)


def show_orders(orders: Mapping[str, int]) -> None:
    """Print how many records differ in each order of reading the events."""
    for order, differ in orders.items():
        verdict = f"{differ} records differ" if differ else "the same records"
        CONSOLE.print(f"the events {order}: {verdict}", style="red" if differ else None)


def markdown(done: Done, events: int, told: Facts, rows: list[Row], orders: Mapping[str, int]) -> str:
    """A session as a row of the table in ``docs/prefect.md``. ``orders``: how many records differ in each order of
    events.
    """
    right, differ = sum(not row.wrong for row in rows), sum(orders.values())
    verdict = f"{right} of {len(rows)}" + (f", {differ} by order" if differ else "")
    shown = (told.stops, told.raised, told.after_state, told.cancelled, told.hooked, told.pending)
    return f"| {done.release} | {done.python} | {done.seconds:.0f} | {events} | {' | '.join(shown)} | {verdict} |"
