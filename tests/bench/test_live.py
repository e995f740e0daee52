"""The results of a live bench: medians of the runs that count, in a table and a picture."""

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest

from bench.contenders import CONTENDERS
from bench.live import chart, document, terminal
from bench.live.results import Results
from bench.live.run import Load, Measurement

STAGE, PEER = (one for one in CONTENDERS if one.name in {"stage-1", "kstreams-eos"})
LOADS = [Load(partitions, 1000) for partitions in (4, 32)]


def seen(name: str, load: Load, p50: float, failure: str | None = None) -> Measurement:
    return Measurement(name, load, p50, 2 * p50, cores=p50, event=p50 / 1000, sockets=4, threads=3, failure=failure)


@pytest.fixture
def results() -> Results:
    runs = [seen(STAGE.name, load, p50) for load in LOADS for p50 in (0.040, 0.060, 0.050)]
    runs += [seen(PEER.name, LOADS[0], 0.070), seen(PEER.name, LOADS[0], 9.0, failure="it ended with 1: out of memory")]
    return Results(datetime(2026, 11, 30, tzinfo=UTC), [STAGE, PEER], LOADS, runs, "2 cores", ["broker: some"], 1)


def test_a_figure_is_the_median_of_the_runs_that_count(results):
    stage, peer = results.at_load(LOADS[0])
    assert stage.p50 == (0.050, 0.040, 0.060)
    assert (peer.p50, peer.failures) == ((0.070, 0.070, 0.070), ("it ended with 1: out of memory",))


def test_what_was_not_measured_is_a_dash(results):
    *_, peer = results.at_load(LOADS[1])
    assert set(terminal.figures(peer)) == {"–"}


def test_the_table_has_a_row_for_each_contender_and_load(results):
    told = "".join(document._generated(results))
    assert told.count(f"| {STAGE.title} |") == told.count(f"| {PEER.title} |") == len(LOADS)
    assert f"| {STAGE.title} | 50 (40–60) | 100 (80–120) | 0.050 (0.040–0.060) |" in told
    assert f"- {PEER.title}, 1,000 events a second, 4 partitions, workers: 1: 1 runs failed, and do not count." in told
    assert "out of memory" not in told, "it may name this machine's directories"


def test_the_picture_has_three_panels_and_a_line_in_each_for_all_that_was_measured(results):
    lines = [panel.lines for panel in chart._panels(results)]
    assert [[len(line.points) for line in panel] for panel in lines] == [[2, 1]] * 3
    assert ET.fromstring(chart.drawn(results)).tag.endswith("svg")


@pytest.mark.parametrize(
    ("axis", "most", "marks", "middle"),
    [
        (chart._tenfold, 900.0, [10, 100, 1000], 100.0),
        (chart._tenfold, 15.0, [10, 100], 10**1.5),
        (chart._even, 0.45, [0, 0.1, 0.2, 0.3, 0.4, 0.5], 0.25),
        (chart._even, 7.0, [0, 2, 4, 6, 8], 4.0),
    ],
)
def test_an_axis_reaches_beyond_what_is_most(axis, most, marks, middle):
    found = axis(most)
    assert found.marks == marks
    assert found.place(middle) == pytest.approx(0.5)
    assert found.place(marks[-1]) == pytest.approx(1.0)
