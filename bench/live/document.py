"""Write ``docs/live.md`` anew between its marks, and the picture beside it."""

from collections.abc import Iterator, Sequence
from typing import Final

from bench.live import chart
from bench.live.results import Results
from bench.live.terminal import HEADINGS, described, figures
from bench.setting_up import ROOT

DOCUMENT: Final = ROOT / "docs" / "live.md"
CHART: Final = ROOT / "docs" / "images" / "live.svg"
BEGIN, END = "<!-- live -->\n", "<!-- /live -->\n"


def write(results: Results) -> None:
    """Put the results in."""
    CHART.write_text(chart.drawn(results))
    before, rest = DOCUMENT.read_text().split(BEGIN)
    _, after = rest.split(END)
    DOCUMENT.write_text(f"{before}{BEGIN}{''.join(_generated(results))}{END}{after}")


def _generated(results: Results) -> Iterator[str]:
    yield (
        f"Measured {results.at:%Y-%m-%d} on {results.shape}; load, broker, contender and reader share them. Median"
        f" (least–most), rounds: {results.rounds}; brokers: {results.brokers}.\n\n"
    )
    yield f"![Latency and CPU over the number of partitions](images/{CHART.name})\n"
    for load in results.loads:
        yield f"\n### {described(load)}\n\n"
        yield _row(["contender", *HEADINGS])
        yield _row(["---", *["--:"] * len(HEADINGS)])
        for row in results.at_load(load):
            yield _row([row.contender.title, *figures(row)])
    failures = [
        f"{row.contender.title}, {described(load)}: {len(row.failures)} runs failed, and do not count"
        for load in results.loads
        for row in results.at_load(load)
        if row.failures
    ]
    yield "\n" + "".join(f"- {told}.\n" for told in (*failures, *results.versions))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"
