"""Rewrites ``docs/live.md`` between its marks, and the picture beside it."""

from collections.abc import Iterator
from typing import Final

from bench.document import row
from bench.live import chart
from bench.live.results import Results
from bench.live.terminal import HEADINGS, described, figures
from bench.setting_up import ROOT
from tools.marked import between

DOCUMENT: Final = ROOT / "docs" / "live.md"
CHART: Final = ROOT / "docs" / "images" / "live.svg"
BEGIN, END = "<!-- live -->\n", "<!-- /live -->\n"


def write(results: Results) -> None:
    """Write the results into the document and the chart."""
    CHART.write_text(chart.drawn(results))
    DOCUMENT.write_text(between(DOCUMENT.read_text(), BEGIN, END, _generated(results)))


def _generated(results: Results) -> Iterator[str]:
    yield (
        f"Measured {results.at:%Y-%m-%d} on {results.shape}; load, broker, contender and reader share them. Median"
        f" (least–most), rounds: {results.rounds}; brokers: {results.brokers}.\n\n"
    )
    yield f"![Latency and CPU over the number of partitions](images/{CHART.name})\n"
    for load in results.loads:
        yield f"\n### {described(load)}\n\n"
        yield row(["contender", *HEADINGS])
        yield row(["---", *["--:"] * len(HEADINGS)])
        for one in results.at_load(load):
            yield row([one.contender.title, *figures(one)])
    failures = [
        f"{one.contender.title}, {described(load)}: {len(one.failures)} runs failed, and do not count"
        for load in results.loads
        for one in results.at_load(load)
        if one.failures
    ]
    yield "\n" + "".join(f"- {told}.\n" for told in (*failures, *results.versions))
