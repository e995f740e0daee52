"""The results as tables on the terminal."""

import sys

from rich.console import Console
from rich.table import Table

from bench.figures import Spread
from bench.live.results import Results, Row
from bench.live.run import Load, Measurement

HEADINGS = ("p50 ms", "p99 ms", "cores", "µs an event", "MB", "sockets", "threads")


def show(results: Results) -> None:
    """Print a table for each load."""
    console = Console() if sys.stdout.isatty() else Console(width=140)
    for load in results.loads:
        table = Table(title=f"{described(load)}; median (least–most), rounds: {results.rounds}")
        table.add_column("contender", no_wrap=True)
        for heading in HEADINGS:
            table.add_column(heading, justify="right", no_wrap=True)
        rows = list(results.at_load(load))
        for row in rows:
            table.add_row(row.contender.title, *figures(row))
        console.print(table)
        for row in rows:
            for failure in row.failures:
                console.print(f"{row.contender.name} FAILED: {failure}", style="bold red", markup=False)
    console.print(f"{results.shape}; brokers: {results.brokers}.", highlight=False)


def described(load: Load) -> str:
    """A load in a few words."""
    fed = f"{load.rate:,} events a second" if load.rate else "no events"
    return f"{fed}, {load.partitions} partitions, workers: {load.workers}"


def figures(row: Row) -> tuple[str, ...]:
    """A row's cells, in the order of `HEADINGS`."""
    return (
        figure(row.p50, 1000, 0),
        figure(row.p99, 1000, 0),
        figure(row.cores, 1, 3),
        figure(row.event, 1e6, 0),
        _median(row.memory, 1e-6),
        _median(row.sockets, 1),
        _median(row.threads, 1),
    )


def told(seen: Measurement) -> str:
    """A run in a few words."""
    begin = f"{described(seen.load)}, {seen.contender}"
    if seen.failure is not None:
        return f"{begin}: FAILED: {seen.failure}"
    latency = "" if seen.p50 is None else f"p50 {seen.p50 * 1e3:.0f} ms, p99 {(seen.p99 or 0) * 1e3:.0f} ms, "
    return f"{begin}: {latency}{seen.cores:.3f} cores, {seen.sockets} sockets"


def figure(found: Spread | None, factor: float, digits: int) -> str:
    """The median and the spread: ``46 (41–52)``."""
    if found is None:
        return "–"
    median, least, most = (f"{value * factor:.{digits}f}" for value in found)
    return median if least == most else f"{median} ({least}–{most})"


def _median(figure: Spread | None, factor: float) -> str:
    return "–" if figure is None else f"{figure.median * factor:.0f}"
