"""What a person sees on the page."""

import random
import re

import pytest

from correlator import page
from correlator.core import MatchedBy, Outcome
from correlator.page.rendering import LARGEST, SHOWN
from tests.page.hostile import MARKS, NAMES
from tests.page.reading import Page, text
from tests.page.views import HOUR, MINUTE, NOW, SECOND, WORKER, run, view, worker
from tests.records.lifecycles import ALL


def rendered(*arguments, **more) -> Page:
    return Page(page.render(view(*arguments, **more)))


def test_it_says_what_it_is_and_when():
    shown = rendered(refresh=10)
    assert text(shown.all("h1")[0]) == "prefect-correlator"
    assert "partitions 0 and 3 of 8" in text(shown.all("header")[0])
    assert "As of 23 Nov 2026, 16:00:00 UTC. Renews itself every 10 seconds." in text(shown.all("header")[0])
    assert [it.get("content") for it in shown.all("meta[@http-equiv='refresh']")] == ["10"]
    assert rendered().all("meta[@http-equiv='refresh']") == []


def test_nothing_seen_is_said():
    shown = rendered()
    assert [text(it) for it in shown.all("p[@class='empty']")] == [
        "No worker and no run was seen yet.",
        "Nothing is open.",
        "No record was published.",
    ]
    assert (
        text(rendered(refresh=10).all("p[@class='empty']")[-1]) == "No record was published since this worker started."
    )
    assert set(shown.figures().values()) == {"0"}


def test_every_way_to_end_has_a_row_and_a_bar():
    ended = [
        page.seen(it)._replace(record_id=f"00000000-0000-0000-0000-{number:012}")
        for number, it in enumerate(ALL.values())
    ]
    shown = rendered((), ended)
    rows = shown.rows("last")
    assert sorted(re.sub(r"^\W", "", row["Outcome"]) for row in rows) == sorted(it.outcome for it in ended)
    assert len(shown.bars()) == len(ended)
    for outcome in Outcome:
        bars = [it for it in shown.bars() if outcome in it.get("class").split()]
        assert len(bars) == sum(it.outcome is outcome for it in ended) == int(shown.figures()[outcome])
        assert all(f": {outcome}" in it.get("title") for it in bars)


def test_a_row_tells_what_its_record_tells():
    it = run(1, ago=HOUR, lasts=324_028_089, matched_by=MatchedBy.RESOURCE, ambiguous=True, amended=True, status_code=3)
    (row,) = rendered((), [it]).rows("last")
    assert row == {
        "Worker or run": "run run-1long-sleep / long",
        "Outcome": "✓completed",
        "Duration": "5m 24s",
        "From": "15:00:00",
        "To": "15:05:24",
        "Worker": "Long Worker",
        "Work pool": "Long Pool",
        "Matched by": "resource",
        "Notes": "ambiguous: several starts fittedexit code 3amended",
    }


def test_what_is_open_stands_oldest_first():
    ages = [3 * MINUTE, 90 * SECOND, 49 * HOUR, 1 * SECOND, 5 * HOUR]
    open_ = [run(number, ago=age, outcome=None) for number, age in enumerate(ages)]
    open_ += [worker("w", ago=2 * HOUR)]
    rows = rendered(open_).rows("open")
    assert [row["For"] for row in rows] == ["2d 1h", "5h", "2h", "3m", "1m 30s", "1s"]
    assert [row["State"] for row in rows] == ["▸going", "▸going", "▸up", "▸going", "▸going", "▸going"]
    assert rows[0]["Since"] == "21 Nov 15:00"


def test_the_last_records_stand_newest_first():
    ended = [run(number, ago=number * MINUTE, lasts=SECOND) for number in (3, 1, 2)]
    assert [row["From"] for row in rendered((), ended).rows("last")] == ["15:59:00", "15:58:00", "15:57:00"]


def test_the_counts_are_of_what_is_on_and_of_the_last_version_of_a_record():
    waiting = run(7, ago=MINUTE, outcome=None, started=None, ended=NOW - SECOND)
    cancelled = run(8, ago=MINUTE, outcome=None, cancelled=NOW - SECOND)
    open_ = [worker("a", ago=HOUR), worker("b", ago=HOUR), run(1, ago=MINUTE, outcome=None), waiting, cancelled]
    amended = run(2, ago=HOUR, outcome=Outcome.CANCELLED, amended=True)
    ended = [run(2, ago=HOUR, outcome=Outcome.SUPERSEDED), run(3, ago=HOUR), amended]
    shown = rendered(open_, ended)
    counts = {"workers up": "2", "run going": "1", "completed": "1", "cancelled": "1"}
    assert shown.figures() == counts | {"superseded": "0", "lost": "0", "unmatched": "0"}
    states = [row["State"] for row in shown.rows("open")]
    assert sorted(states) == ["▸being cancelled", "▸going", "▸up", "▸up", "▸waiting for its start"]
    assert [row["Outcome"] for row in shown.rows("last")].count("⊘cancelled") == 1


def test_a_run_that_goes_for_longer_than_its_pool_knows_is_marked():
    ended = [run(number, ago=HOUR, lasts=number * SECOND) for number in range(1, 101)]
    long, short = run("long", ago=96 * SECOND, outcome=None), run("short", ago=95 * SECOND, outcome=None)
    elsewhere = run("elsewhere", ago=HOUR, outcome=None, pool="another")
    marked = {
        row["Worker or run"].split()[1]: row["Notes"] for row in rendered([long, short, elsewhere], ended).rows("open")
    }
    assert [name for name, notes in marked.items() if "longer than 95 % of the runs of its pool (1m 35s)" in notes] == [
        "run-longlong-sleep"
    ]


def test_a_worker_that_has_been_replaced_is_marked():
    old = worker("w", ago=HOUR)
    new = worker("w", ago=MINUTE, record_id="00000000-0000-0000-0000-000000000000", start_id="another")
    shown = rendered([old, new])
    assert [row["Notes"] for row in shown.rows("open")] == ["a newer start is known, 15:59:00", "–"]
    assert "1 of the workers up has a newer start under the same name" in text(shown.root)


def test_figures_by_work_pool():
    ended = [run(number, ago=HOUR, lasts=number * SECOND) for number in random.Random(1).sample(range(1, 101), 100)]
    ended += [run("x", ago=HOUR, outcome=Outcome.LOST)]
    rows = rendered((), ended).rows("pools")
    spans = ["Half within", "95 % within", "Longest"]
    assert [(row["Outcome"], row["Records"], *(row[it] for it in spans)) for row in rows] == [
        ("✓completed", "100", "50s", "1m 35s", "1m 40s"),
        ("?lost", "1", "–", "–", "–"),
    ]


@pytest.mark.parametrize("hostile", NAMES.values(), ids=NAMES)
def test_a_name_is_text_wherever_it_stands(hostile):
    names = {"name": hostile, "flow": hostile, "deployment": hostile, "pool": hostile, "worker_name": hostile}
    open_ = [worker("w", ago=HOUR, **names), run(1, ago=MINUTE, outcome=None, **names)]
    ended = [run(2, ago=HOUR, **names), run(3, ago=HOUR, worker=None, started=None, runner_name=hostile, **names)]
    shown = rendered(open_, ended, title=hostile, subtitle=hostile)
    assert {it.tag for it in shown.root.iter()}.isdisjoint({"script", "img", "svg", "iframe", "object", "link"})
    assert not [it for element in shown.root.iter() for it in element.keys() if it.startswith("on")]  # noqa: SIM118
    assert all(it.get("href").startswith("#") for it in shown.all("a"))
    assert text(shown.all("h1")[0]) == text(shown.all("title")[0]) == hostile
    whole = text(shown.root)
    assert whole.count(hostile) > 20


@pytest.mark.parametrize("hostile, visible", MARKS.values(), ids=MARKS)
def test_what_cannot_be_seen_is_made_visible(hostile, visible):
    html = page.render(view([worker("w", ago=HOUR, name=hostile, worker_name=hostile)]))
    assert Page(html).lanes() == [visible]
    assert not set(hostile) - set(visible) & set(html) - {"\n"}
    assert f"{visible}: up" in Page(html).bars()[0].get("title")


def test_a_long_name_is_cut_where_it_is_read_and_whole_where_one_points_at_it():
    name = "".join(f"{number:04}-" for number in range(100))
    (strong,) = rendered([worker("w", ago=HOUR, name=name)]).all("td[@class='what']/strong/bdi")
    assert text(strong) == name[:63] + "…"
    assert strong.get("title") == name


def test_a_bar_leads_to_its_row():
    open_ = [worker("w", ago=HOUR), run(1, ago=MINUTE, outcome=None)]
    shown = rendered(open_, [run(number, ago=HOUR) for number in range(2, 9)])
    rows = {it.get("id") for it in shown.all("tr[@id]")}
    assert {it.get("href") for it in shown.bars()} == {f"#{it}" for it in rows}
    assert len(rows) == 9


def test_nothing_comes_from_elsewhere():
    html = page.render(view([worker("w", ago=HOUR)], [run(1, ago=HOUR)]))
    (policy,) = Page(html).all("meta[@http-equiv='Content-Security-Policy']")
    assert policy.get("content").startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert not re.search(r"https?:|url\(|@import|<script|<link", html)


def test_what_is_left_out_is_said():
    open_ = [run(("open", number), ago=HOUR + number, outcome=None) for number in range(SHOWN + 20)]
    ended = [run(number, ago=HOUR * number, lasts=number * SECOND) for number in range(1, SHOWN + 31)]
    shown = rendered(open_, ended, open_total=10_000)
    asides = [text(it) for it in shown.all("p[@class='aside']")]
    assert f"Left out: {10_000 - SHOWN:,} other ones of 10,000." in asides
    assert f"Left out: 30 earlier records of {SHOWN + 30}; the figures count all of them." in asides
    assert shown.figures()["runs going"] == f"{SHOWN + 20}+"
    assert shown.figures()["completed"] == str(SHOWN + 30)
    assert [row["Duration"] for row in shown.rows("longest")][:2] == ["5m 30s", "5m 29s"]
    few = rendered((), ended[:5], ended_total=70)
    assert "Outcomes of the last 5 records of 70." in text(few.root)
    assert "Left out: 65 earlier records of 70; the figures count the last 5." in text(few.root)


@pytest.mark.parametrize("name", ["n", "<&'\"" * 125, "🚀" * 500, "\u202e" * 500])
def test_it_is_never_larger_than_it_may_be(name):
    names = {"name": name, "flow": name, "deployment": name, "worker_name": name}
    open_ = [run((1, number), ago=number, outcome=None, pool=f"{number}{name}", **names) for number in range(1000)]
    ended = [run(number, ago=number * MINUTE, pool=f"{number}{name}", **names) for number in range(2000)]
    html = page.render(view(open_, ended))
    assert len(html.encode()) <= LARGEST
    shown = Page(html)
    assert shown.figures()["completed"] == "2,000"
    assert len(shown.rows("open")) == len(shown.rows("last")) > 10


def test_a_lifecycle_without_any_names_can_be_looked_at():
    bare = WORKER._replace(name=WORKER.subject, pool=None, worker_name=None)
    nameless = run(1, ago=HOUR, flow=None, deployment=None, pool=None, worker=None, worker_name=None, started=None)
    shown = rendered((), [bare, nameless])
    assert shown.lanes() == [WORKER.subject, "without a worker"]
    assert len(shown.rows("last")) == 2
