"""The progress bar of a command that reads for long. It is shown at a terminal only."""

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn


def progress(console: Console, amount: ProgressColumn) -> Progress:
    """A progress bar that disappears at the end. ``amount``: the column that shows how much has been read."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        amount,
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
