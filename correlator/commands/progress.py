"""The bar that a long reading shows at a terminal; nothing elsewhere."""

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn


def progress(console: Console, amount: ProgressColumn) -> Progress:
    """A bar that is gone at the end; ``amount`` says how much of how much is read."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        amount,
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
