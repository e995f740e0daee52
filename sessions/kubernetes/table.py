"""The judgement of a session on Kubernetes as a table for the terminal."""

from collections.abc import Iterable

from rich.table import Table

from sessions.kubernetes.comparing import Row
from sessions.table import add_row


def table(rows: Iterable[Row], title: str) -> Table:
    """A table with a line for each Job."""
    shown = Table(title=title, title_justify="left")
    for column in ("Job", "what was done", "what the record says", "what the API says of its last pod", ""):
        shown.add_column(column, overflow="fold")
    for row in rows:
        add_row(shown, row, row.job, row.what, row.record, row.api)
    return shown
