"""What came of a session on Kubernetes, for people at a terminal."""

from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

from sessions.kubernetes.comparing import Row


def table(rows: Iterable[Row], title: str) -> Table:
    """A line for each Job."""
    shown = Table(title=title, title_justify="left")
    for column in ("Job", "what was done", "what the record says", "what the API says of its last pod", ""):
        shown.add_column(column, overflow="fold")
    for row in rows:
        verdict = "\n".join(row.wrong) or (f"right: {row.why}" if row.why else "right")
        cells = (row.job, row.what, row.record, row.api, verdict)
        shown.add_row(*map(Text, cells), style="red" if row.wrong else None)
    return shown
