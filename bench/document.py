"""Rewrites ``docs/bench.md`` between its marks, and the chart beside it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from bench import chart
from bench.results import Results, described, megabytes, rate
from bench.setting_up import ROOT
from tools.marked import between

DOCUMENT: Final = ROOT / "docs" / "bench.md"
CHART: Final = ROOT / "docs" / "images" / "bench.svg"
BEGIN, END = "<!-- bench -->\n", "<!-- /bench -->\n"


def write(results: Results) -> None:
    """Write the results into the document and the chart."""
    CHART.write_text(chart.drawn(results))
    DOCUMENT.write_text(renewed(DOCUMENT.read_text(), results))


def renewed(text: str, results: Results) -> str:
    """The document's text with its generated part brought up to date."""
    return between(text, BEGIN, END, _generated(results))


def _generated(results: Results) -> Iterator[str]:
    yield (
        f"Measured {results.at:%Y-%m-%d} on {results.shape}; broker, contender and reader share them."
        f" Thousands of events, median (least–most), rounds: {results.rounds}; {results.conditions}.\n\n"
    )
    yield f"![Events by the CPU second, by contender and input](images/{CHART.name})\n"
    for name in results.names:
        yield f"\n### {described(results.inputs[name, False])}\n\n"
        yield from _table(results, name)
    missing = (f"{one.title} ({one.guarantee}) could not be set up, and did not take part" for one in results.missing)
    yield "\n" + "".join(f"- {told}.\n" for told in (*missing, *_failures(results), *results.versions))


def _table(results: Results, name: str) -> Iterator[str]:
    heading = ("contender", "guarantee", "commits", "by the CPU second", "second half", "by the second", "MB")
    yield row(heading)
    yield row(["---"] * 3 + ["--:"] * 4)
    for one, input_, found in results.on(name):
        fewer = f" ({input_.events:,} events)" if one.slow else ""
        figures = (rate(found.whole), rate(found.warm), rate(found.wall), megabytes(found.memory))
        yield row((f"{one.title}{fewer}", one.guarantee, one.commits, *figures))


def _failures(results: Results) -> Iterator[str]:
    for name in results.names:
        for one, _, found in results.on(name):
            if found.failures:  # the reason may name this machine's directories: only the terminal shows it
                yield f"{one.title} ({one.guarantee}), {name}: {len(found.failures)} runs failed, and do not count"


def row(cells: Iterable[str]) -> str:
    """A row of a Markdown table."""
    told: Sequence[str] = list(cells)
    return f"| {' | '.join(told)} |\n"
