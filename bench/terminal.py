"""The results as tables on the terminal."""

import sys

from rich.console import Console
from rich.table import Table

from bench.results import Results, described, megabytes, rate


def show(results: Results) -> None:
    """Print a table for each input, and notes on the contenders."""
    console = Console() if sys.stdout.isatty() else Console(width=140)
    for name in results.names:
        told = described(results.inputs[name, False])
        table = Table(title=f"{told}; thousands of events: median (least–most), rounds: {results.rounds}")
        for heading in ("contender", "guarantee"):
            table.add_column(heading, no_wrap=True)
        for heading in ("by the CPU second", "second half", "by the second", "MB"):
            table.add_column(heading, justify="right", no_wrap=True)
        for one, input_, found in results.on(name):
            fewer = f" ({input_.events:,} events)" if one.slow else ""
            row = (rate(found.whole), rate(found.warm), rate(found.wall), megabytes(found.memory))
            table.add_row(f"{one.title}{fewer}", one.guarantee, *row)
        console.print(table)
        for one, _, found in results.on(name):
            for failure in found.failures:
                console.print(f"{one.name} FAILED: {failure}", style="bold red", markup=False)
    for one in results.missing:
        console.print(f"{one.title} ({one.guarantee}) did not take part; see above for the reason.", highlight=False)
    console.print(f"{results.shape}; {results.conditions}.", highlight=False)
