"""The results of runs: figures, tables, the document, the picture."""

import xml.etree.ElementTree as ET
from datetime import UTC, datetime

import pytest

from bench import chart, document, terminal
from bench.contenders import CONTENDERS, Contender
from bench.figures import spread, summary
from bench.inputs import Input
from bench.results import Results, rate
from bench.rounds import rotated
from bench.run import Run, _Sample, _warm

STAGE, QUIX, FAUST, BYTEWAX = (
    next(one for one in CONTENDERS if one.name == name) for name in ("stage-1", "quix", "faust", "bytewax")
)


def run(contender: Contender, input_: str = "lifecycles", whole: float = 50_000.0, failure: str | None = None) -> Run:
    return Run(contender.name, input_, 0.03, whole, whole * 1.5, whole * 0.8, 200_000_000, failure)


@pytest.fixture
def results() -> Results:
    inputs = {
        ("lifecycles", False): Input("lifecycles", "a", 200_000, 100_000),
        ("mix", False): Input("mix", "b", 400_000, 10_000),
        ("lifecycles", True): Input("lifecycles", "c", 20_000, 10_000),
        ("mix", True): Input("mix", "d", 40_000, 1_000),
    }
    runs = [run(one, name, 1e3 * nr) for one in (STAGE, FAUST) for name in ("lifecycles", "mix") for nr in (40, 60, 50)]
    runs += [run(QUIX), run(QUIX, failure="99 records, 98 keys, of 100 pairs"), run(QUIX, "mix")]
    at = datetime(2026, 11, 29, tzinfo=UTC)
    return Results(at, [STAGE, QUIX, FAUST], [BYTEWAX], inputs, runs, "2 cores", ["broker: Apache Kafka"])


def test_a_spread_is_the_median_the_least_and_the_most():
    assert spread([5.0, 1.0, 3.0]) == (3.0, 1.0, 5.0)
    assert spread([]) is None


def test_a_failed_run_does_not_count_and_is_told():
    found = summary([run(STAGE, whole=10.0), run(STAGE, whole=30.0), run(STAGE, whole=0.0, failure="it ended")])
    assert found.whole == (20.0, 10.0, 30.0)
    assert (found.runs, found.failures) == (2, ("it ended",))
    assert summary([run(STAGE, failure="it ended")]).whole is None


def test_a_second_half_is_of_all_runs_or_of_none():
    assert summary([run(STAGE), run(STAGE)]).warm == (75_000.0, 75_000.0, 75_000.0)
    assert summary([run(STAGE), run(STAGE)._replace(warm=None)]).warm is None


def test_the_second_half_is_told_where_it_was_seen():
    samples = [_Sample(n * 10, 1.0 + n * 0.1, 0.0) for n in range(11)]
    assert _warm(samples, 1000) == pytest.approx(1000 * 0.5 / 0.5)
    assert _warm([samples[0], samples[-1]], 1000) is None, "committed all at once"
    assert _warm([_Sample(50, 1.0, 0.0), _Sample(100, 1.1, 0.0)], 1000) is None, "too short"


def test_each_round_begins_with_another():
    names = ["a", "b", "c", "d", "e"]
    assert [rotated(names, round_, 5)[0] for round_ in range(5)] == names
    assert [rotated(names, round_, 2) for round_ in range(2)] == [names, ["c", "d", "e", "a", "b"]]


def test_a_rate_has_three_digits():
    assert rate(spread([54_321.0, 123_456.0, 999.0])) == "54.3 (1.00–123)"
    assert rate(spread([54_321.0])) == "54.3", "of a single one there is no spread"
    assert rate(None) == "–"


def test_the_document_keeps_what_is_written_by_hand(results: Results):
    text = document.renewed(f"by hand\n{document.BEGIN}old\n{document.END}by hand, too\n", results)
    assert text.startswith("by hand\n")
    assert text.endswith(f"{document.END}by hand, too\n")
    assert "old" not in text
    assert "| the stage, one hop | exactly once | 50 ms | 50.0 (40.0–60.0) | 75.0 (60.0–90.0) |" in text
    assert "| Faust as documented (20,000 events) |" in text
    assert "- Quix Streams (at least once), lifecycles: 1 runs failed, and do not count.\n" in text
    assert "- Bytewax (at least once) could not be set up, and did not take part.\n" in text
    assert document.renewed(text, results) == text


def test_the_committed_document_has_its_marks(results: Results):
    assert document.renewed(document.DOCUMENT.read_text(), results)


def test_the_picture_is_well_formed_and_names_everyone(results: Results):
    root = ET.fromstring(chart.drawn(results))  # ours
    told = "\n".join(text for text in root.itertext() if text.strip())
    for expected in ("the stage, one hop", "Quix Streams, at least once", "Faust as documented", "mix: 400,000 events"):
        assert expected in told
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    bars = [one for one in root.iter("{http://www.w3.org/2000/svg}rect") if one.get("class") in {"whole", "warm"}]
    assert len(bars) == 13, "two for each, and one that is the key's"
    for one in bars:
        assert float(one.attrib["x"]) + float(one.attrib["width"]) < width
        assert float(one.attrib["y"]) < height


def test_the_terminal_says_who_failed_and_who_is_missing(results: Results, capsys: pytest.CaptureFixture[str]):
    terminal.show(results)
    said = capsys.readouterr().out
    assert "quix FAILED: 99 records" in said
    assert "Bytewax (at least once) did not take part" in said
    assert "50.0 (40.0–60.0)" in said
