"""What a person sees on the page."""

import random
import re

import pytest

from correlator import page
from correlator.core import EndedBy, MatchedBy, Outcome
from correlator.event import Exit, Kind, StateType
from correlator.page import DEFAULT_OPTIONS, Holder, PageOptions
from correlator.page.rendering import MAX_PAGE_BYTES, MAX_ROWS
from correlator.page.tables import VISIBLE_ROWS
from tests.page.hostile import MARKS, NAMES
from tests.page.reading import Page, text
from tests.page.views import HOUR, MINUTE, NOW, SECOND, WORKER, podded, run, view, worker
from tests.records.lifecycles import ALL


def rendered(*arguments, options=DEFAULT_OPTIONS, **more) -> Page:
    return Page(page.render(view(*arguments, **more), options))


def test_it_says_what_it_is_and_when():
    shown = rendered(refresh=10)
    assert text(shown.all("h1")[0]) == "Prefect workers and runs"
    header = text(shown.all("header")[0])
    assert "prefect-correlator, partitions 0 and 3 of 8" in header
    assert "As of 23 Nov 2026, 16:00:00 UTC. Reloads every 10 seconds: pause" in header
    assert [it.get("content") for it in shown.all("meta[@http-equiv='refresh']")] == ["10; url=?zoom=1"]
    assert rendered().all("meta[@http-equiv='refresh']") == []


def test_a_tab_tells_how_many_without_being_looked_at():
    open_ = [worker("a", ago=HOUR), worker("b", ago=HOUR), run(1, ago=MINUTE, outcome=None)]
    assert text(rendered(open_).all("title")[0]) == "1 run going, 2 workers up – prefect-correlator"
    over = rendered(open_, usual={"Long Pool": SECOND})
    assert text(over.all("title")[0]) == "1 over usual time, 1 run going, 2 workers up – prefect-correlator"


def test_nothing_seen_is_said():
    shown = rendered()
    assert [text(it) for it in shown.all("p[@class='empty']")] == [
        "No worker and no run was seen yet.",
        "No run is going.",
        "No worker is up.",
        "No record was published.",
    ]
    assert (
        text(rendered(refresh=10).all("p[@class='empty']")[-1]) == "No record was published since this worker started."
    )
    assert shown.figures().pop("over their usual time") == "–", "not 0: nobody knows what is usual"
    assert set(shown.figures().values()) == {"0", "–"}


def test_every_way_to_end_has_a_row_and_a_bar():
    ended = [
        page.summarize(it)._replace(record_id=f"00000000-0000-0000-0000-{number:012}")
        for number, it in enumerate(ALL.values())
    ]
    shown = rendered((), ended)
    rows = shown.rows("last")
    endings = [f"flow {it.failure.lower()}" if it.failure else str(it.outcome) for it in ended]
    assert sorted(re.sub(r"^\W", "", row["Outcome"]) for row in rows) == sorted(endings)
    assert len(shown.bars()) == len(ended)
    for outcome in Outcome:
        styles = {outcome, *(("failed", "crashed") if outcome is Outcome.COMPLETED else ())}
        bars = [it for it in shown.bars() if styles & set(it.get("class").split())]
        assert len(bars) == sum(it.outcome is outcome for it in ended) == int(shown.figures()[outcome])
        assert all(f": {outcome}" in it.get("title") for it in bars)


def test_a_row_tells_what_its_record_tells():
    it = run(1, ago=HOUR, lasts=324_028_089, matched_by=MatchedBy.RESOURCE, ambiguous=True, amended=True)
    (row,) = rendered((), [it]).rows("last")
    assert row == {
        "Worker or run": "run run-1long-sleep / long",
        "Outcome": "✓completed",
        "Duration": "5m 24s",
        "From": "15:00:00",
        "To": "15:05:24",
        "Worker": "Long Worker",
        "Work pool": "Long Pool",
        "Notes": "ambiguous: several starts fittedamended",
    }


def test_a_completed_run_whose_process_failed_is_no_plain_success():
    failed, fine = run(1, ago=HOUR, status_code=137), run(2, ago=2 * HOUR, status_code=0)
    cancelled = run(3, ago=3 * HOUR, status_code=143, outcome=Outcome.CANCELLED)
    shown = rendered((), [failed, fine, cancelled])
    rows = shown.rows("last")
    assert [row["Outcome"] for row in rows] == ["!completed, exit 137", "✓completed", "⊘cancelled"]
    assert [row["Notes"] for row in rows] == ["", "", "exit code 143"]
    assert shown.figures()["completed"] == "2"
    assert shown.figures()["of them exit ≠ 0"] == "1"
    (bar,) = (it for it in shown.bars() if "exit" in it.get("class").split())
    assert bar.get("title").startswith("run-1: completed, exit 137 after 1m")
    assert "of them exit ≠ 0" not in rendered((), [fine, cancelled]).figures()


@pytest.mark.parametrize("state", [StateType.FAILED, StateType.CRASHED])
def test_a_flow_that_went_wrong_is_told_apart_whatever_became_of_its_infrastructure(state):
    word = state.lower()
    wrong = podded(1, ago=HOUR, state=state)
    with_exit_code = run(2, ago=2 * HOUR, state=state, status_code=1)
    fine, cancelled = podded(3, ago=3 * HOUR), podded(4, ago=4 * HOUR, state=state, outcome=Outcome.CANCELLED)
    shown = rendered((), [wrong, with_exit_code, fine, cancelled])
    rows = shown.rows("last")
    mark = {"failed": "✗", "crashed": "↯"}[word]
    assert [row["Outcome"] for row in rows] == [f"{mark}flow {word}", f"{mark}flow {word}", "✓completed", "⊘cancelled"]
    assert [row["Notes"] for row in rows] == ["", "exit code 1", "", f"flow {word}"]
    assert shown.figures()["completed"] == "3"
    assert shown.figures()[f"of them {word}"] == "2"
    assert "of them exit ≠ 0" not in shown.figures(), "the flow run's word is better"
    bars = [bar.get("title") for bar in shown.bars() if word in bar.get("class").split()]
    assert len(bars) == 2
    assert all(f": completed, flow {word} after 1m" in title for title in bars)
    assert f"the flow run’s terminal state was {state}" in text(shown.all("footer")[0])


TOLD_BY = {
    "worker": run(1, ago=HOUR),
    "pod": podded(1, ago=HOUR),
    "task": podded(1, ago=HOUR, exit=Exit.STOPPED),
    "flow run": podded(1, ago=HOUR, ended_by=EndedBy.FLOW_RUN, exit=None),
}


@pytest.mark.parametrize("teller, it", TOLD_BY.items())
def test_by_whose_word_a_run_ended(teller, it):
    shown = rendered((), [it, podded(2, ago=2 * HOUR), worker("w", ago=HOUR, ended=NOW, outcome=Outcome.COMPLETED)])
    assert {row["Worker or run"].split()[1][:5]: row["End told by"] for row in shown.rows("last")} == {
        "run-1": teller,
        "run-2": "pod",
        "w": "–",
    }
    (title,) = (bar.get("title") for bar in shown.bars() if bar.get("title").startswith("run-1:"))
    assert f"; end told by its {teller}" in title
    assert ("matched by" in title) is (teller == "worker"), "a witness names its run: no start was guessed"


def test_where_every_worker_tells_its_runs_ends_there_is_no_column_for_that():
    ended = [run(1, ago=HOUR), worker("w", ago=HOUR, ended=NOW, outcome=Outcome.COMPLETED)]
    shown = rendered((), ended)
    assert {"End told by", "Start-up"}.isdisjoint(shown.rows("last")[0])
    assert "end told by" not in text(shown.all("footer")[0])
    assert "start-up" not in text(shown.all("main")[0])


@pytest.mark.parametrize(
    "exit_, reason, note",
    [
        (Exit.FAILED, "OOMKilled", "pod failed: OOMKilled"),
        (Exit.EVICTED, "Evicted<b>\u202e", "pod evicted: Evicted<b>[U+202E]"),
        (Exit.FAILED, None, "pod failed"),
        (Exit.SUCCEEDED, None, ""),
        (Exit.STOPPED, None, ""),
    ],
)
def test_how_a_pod_went_wrong_is_noted(exit_, reason, note):
    other = podded(2, ago=2 * HOUR, amended=True)
    row, _ = rendered((), [podded(1, ago=HOUR, exit=exit_, reason=reason), other]).rows("last")
    assert row["Notes"] == note


def test_how_long_a_run_took_to_start():
    ended = podded(1, ago=HOUR, lasts=10 * MINUTE, startup=154 * SECOND)
    skewed = podded(2, ago=2 * HOUR, startup=-SECOND)
    going = podded(3, ago=80 * SECOND, outcome=None, ended_by=None, exit=None, state=None, stated=None)
    shown = rendered([going, run(4, ago=MINUTE, outcome=None)], [ended, skewed, run(5, ago=3 * HOUR)])
    assert [row["Start-up"] for row in shown.rows("last")] == ["2m 34s", "0ms", "–"]
    assert [row["Start-up"] for row in shown.rows("runs")] == ["20s", "–"]
    bars = {it.get("title").partition(":")[0]: it for it in shown.bars()}
    assert "start-up 2m 34s" in bars["run-1"].get("title")
    assert {name for name, it in bars.items() if "startup" in it.get("class").split()} == {"run-1", "run-3"}
    assert "--startup:25" in bars["run-1"].get("style")
    assert "--startup:" in bars["run-3"].get("style")
    assert "fainter part of a run’s bar is its start-up" in text(shown.root)


def test_a_run_whose_flow_has_ended_is_not_going_any_more():
    ending = podded(1, ago=HOUR, lasts=MINUTE, outcome=None, ended_by=None, exit=None, state=StateType.FAILED)
    shown = rendered([ending])
    assert shown.figures()["runs going"] == "0"
    assert shown.rows("runs")[0]["State"] == "▸flow failed, ending"
    (bar,) = shown.bars()
    assert not bar.get("style").startswith("left:0%;width:100"), "it is drawn as long as its flow ran"


def test_columns_that_no_row_fills_are_left_out():
    bare = {"worker": None, "worker_name": None, "pool": None, "flow": None, "deployment": None, "matched_by": None}
    (row,) = rendered([run(1, ago=MINUTE, outcome=None, **bare)]).rows("runs")
    assert row == {"Run": "run-1", "State": "▸going", "For": "1m", "Since": "15:59:00"}
    (row,) = rendered([worker("w", ago=MINUTE)]).rows("workers")
    assert row == {"Name": "w", "State": "▸up", "For": "1m", "Since": "15:59:00", "Work pool": "Long Pool"}
    lost = {"ended": None, "outcome": Outcome.LOST, "ambiguous": False}
    assert list(rendered((), [run(1, ago=HOUR, **bare | lost)]).rows("last")[0]) == ["Worker or run", "Outcome", "From"]


def test_runs_and_workers_stand_each_by_themselves_longest_first():
    ages = [3 * MINUTE, 90 * SECOND, 49 * HOUR, 1 * SECOND, 5 * HOUR]
    open_ = [run(number, ago=age, outcome=None) for number, age in enumerate(ages)]
    open_ += [worker("w", ago=2 * HOUR), worker("v", ago=960 * HOUR)]
    shown = rendered(open_)
    assert [row["For"] for row in shown.rows("runs")] == ["2d 1h", "5h", "3m", "1m 30s", "1s"]
    assert {row["State"] for row in shown.rows("runs")} == {"▸going"}
    assert shown.rows("runs")[0]["Since"] == "21 Nov 15:00"
    assert [(row["Name"], row["State"], row["For"]) for row in shown.rows("workers")] == [
        ("v", "▸up", "40d"),
        ("w", "▸up", "2h"),
    ]


def test_the_last_records_stand_newest_first():
    ended = [run(number, ago=number * MINUTE, lasts=SECOND) for number in (3, 1, 2)]
    assert [row["From"] for row in rendered((), ended).rows("last")] == ["15:59:00", "15:58:00", "15:57:00"]


def test_the_counts_are_of_what_is_on():
    waiting = run(7, ago=MINUTE, outcome=None, started=None, ended=NOW - SECOND)
    cancelled = run(8, ago=MINUTE, outcome=None, cancelled=NOW - SECOND)
    open_ = [worker("a", ago=HOUR), worker("b", ago=HOUR), run(1, ago=MINUTE, outcome=None), waiting, cancelled]
    ended = [run(2, ago=HOUR, outcome=Outcome.CANCELLED), run(3, ago=HOUR)]
    shown = rendered(open_, ended)
    counts = {"workers up": "2", "run going": "1", "over their usual time": "–", "completed": "1", "cancelled": "1"}
    assert shown.figures() == counts | {"superseded": "0", "lost": "0", "unmatched": "0"}
    states = [row["State"] for row in shown.rows("runs")]
    assert sorted(states) == ["▸being cancelled", "▸going", "▸waiting for its start"]


def test_a_run_over_the_usual_time_of_its_pool_stands_on_top_and_says_by_how_much():
    ended = [run(number, ago=HOUR, lasts=number * SECOND) for number in range(1, 101)]
    over = run("over", ago=96 * SECOND, outcome=None, name="over-<b>")
    within = run("within", ago=95 * SECOND, outcome=None)
    elsewhere = run("elsewhere", ago=HOUR, outcome=None, pool="another")
    shown = rendered([worker("w", ago=960 * HOUR), within, elsewhere, over], ended)
    assert [(row["Run"], row["State"], row["Usually within"]) for row in shown.rows("runs")] == [
        ("over-<b>long-sleep / long", "!going, 1s over", "1m 35s"),
        ("run-elsewherelong-sleep / long", "▸going", "–"),
        ("run-withinlong-sleep / long", "▸going", "1m 35s"),
    ]
    assert shown.figures()["over their usual time"] == "1"
    (bar,) = (it for it in shown.bars() if "over" in it.get("class").split())
    assert "over-<b>: going for 1m 36s, 1s over the 1m 35s usual in its pool" in bar.get("title")
    assert "--usual:" in bar.get("style")
    (callout,) = shown.all("section[@aria-label='Over their usual time']")
    assert text(callout) == "over-<b> has been going for 1m 36s; 95% of the runs of Long Pool take at most 1m 35s."
    assert callout.find(".//a").get("href") == f"#{over.record_id}"


def test_of_many_runs_over_their_usual_time_the_longest_are_called_out():
    open_ = [run(number, ago=number * MINUTE, outcome=None) for number in range(1, 7)]
    shown = rendered(open_, usual={"Long Pool": MINUTE})
    (callout,) = shown.all("section[@aria-label='Over their usual time']")
    assert [text(it).split()[0] for it in callout.findall("ul/li")] == ["run-6", "run-5", "run-4", "2"]
    assert rendered(open_).all("section[@aria-label='Over their usual time']") == []


def test_a_hundred_old_workers_do_not_bury_a_run():
    open_ = [worker(f"w{number}", ago=960 * HOUR + number) for number in range(MAX_ROWS + 1)]
    shown = rendered([*open_, run(1, ago=MINUTE, outcome=None)])
    assert len(shown.rows("runs")) == 1
    assert len(shown.rows("workers")) == MAX_ROWS


def test_a_worker_that_has_been_replaced_is_marked():
    old = worker("w", ago=HOUR)
    new = worker("w", ago=MINUTE, record_id="00000000-0000-0000-0000-000000000000", start_id="another")
    shown = rendered([old, new])
    assert [row["Notes"] for row in shown.rows("workers")] == ["newer start at 15:59:00", ""]
    assert "1 of the workers up has a newer start under the same name" in text(shown.root)


def test_figures_by_work_pool():
    ended = [run(number, ago=HOUR, lasts=number * SECOND) for number in random.Random(1).sample(range(1, 101), 100)]
    ended += [run("x", ago=HOUR, outcome=Outcome.LOST)]
    rows = rendered((), ended).rows("pools")
    spans = ["Half within", "95% within", "Longest"]
    assert [(row["Outcome"], row["Records"], *(row[it] for it in spans)) for row in rows] == [
        ("✓completed", "100", "50s", "1m 35s", "1m 40s"),
        ("?lost", "1", "–", "–", "–"),
    ]


@pytest.mark.parametrize("hostile", NAMES.values(), ids=NAMES)
def test_a_name_is_text_wherever_it_stands(hostile):
    names = {"name": hostile, "flow": hostile, "deployment": hostile, "pool": hostile, "worker_name": hostile}
    open_ = [worker("w", ago=HOUR, **names), run(1, ago=MINUTE, outcome=None, **names)]
    ended = [run(2, ago=HOUR, **names), run(3, ago=HOUR, worker=None, started=None, runner_name=hostile, **names)]
    held_by = {it.record_id: hostile for it in (*open_, *ended)}
    holders = [Holder(hostile, hostile, hostile, hostile, complete=complete) for complete in (True, False)]
    stage = {"held_by": held_by, "holders": holders, "missing": [hostile]}
    shown = rendered(open_, ended, source=hostile, about=hostile, usual={hostile: SECOND}, **stage)
    assert {it.tag for it in shown.root.iter()}.isdisjoint({"script", "img", "svg", "iframe", "object", "link"})
    assert not [it for element in shown.root.iter() for it in element.keys() if it.startswith("on")]  # noqa: SIM118
    assert all(it.get("href").startswith("#") for it in shown.all("a"))
    assert text(shown.all("title")[0]).endswith(f" – {hostile}")
    whole = text(shown.root)
    assert whole.count(hostile) > 30


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


@pytest.mark.parametrize("refresh", [None, 10])
def test_a_bar_leads_to_its_row_even_where_it_is_folded_away(refresh):
    """In a file the folded row is in the page; the link of a served page asks for all rows."""
    ended = [run(number, ago=number * MINUTE) for number in range(1, VISIBLE_ROWS + 9)]
    shown = rendered([worker("w", ago=HOUR)], ended, refresh=refresh)
    rows = {it.get("id") for it in shown.all("tr[@id]")}
    here = {it.get("href") for it in shown.bars() if it.get("href").startswith("#")}
    elsewhere = {it.get("href") for it in shown.bars()} - here
    assert here == {f"#{it}" for it in rows}
    assert elsewhere == ({f"?zoom=1&rows=all#{it.record_id}" for it in ended[VISIBLE_ROWS:]} if refresh else set())
    all_rows = {
        it.get("id") for it in rendered((), ended, options=PageOptions(all_rows=True), refresh=refresh).all("tr[@id]")
    }
    assert all_rows >= {it.record_id for it in ended}


def test_the_first_rows_are_there_at_a_glance_and_the_others_a_click_away():
    ended = [run(number, ago=HOUR + number) for number in range(VISIBLE_ROWS + 9)]
    (folded,) = rendered((), ended).all("details")
    assert text(folded.find("summary")) == "9 more"
    assert len(folded.findall("table/tbody/tr")) == 9
    served = rendered((), ended, refresh=10)
    assert served.all("details") == [], "it would be shut again after ten seconds"
    assert ("?zoom=1&rows=all#last", "Show 9 more") in [
        (it.get("href"), text(it)) for it in served.all("p[@class='more']/a")
    ]
    whole = rendered((), ended, refresh=10, options=PageOptions(zoom=4, all_rows=True))
    assert len(whole.rows("last")) == VISIBLE_ROWS + 9
    assert [(it.get("href"), text(it)) for it in whole.all("p[@class='more']/a")] == [("?zoom=4#last", "Show fewer")]


def test_the_links_at_the_top_lead_to_sections():
    ended = [run(number, ago=HOUR * number, lasts=number * SECOND) for number in range(1, MAX_ROWS + 2)]
    shown = rendered((), ended)
    headings = {it.get("id") for it in shown.all("h2[@id]")}
    assert {it.get("href") for it in shown.all("nav/a")} == {f"#{it}" for it in headings}
    assert "longest" in headings


def test_a_served_page_is_zoomed_and_paused_by_its_address():
    shown = rendered([worker("w", ago=HOUR)], refresh=10, options=PageOptions(zoom=4))
    zooms = {text(it): (it.get("href"), it.get("aria-current")) for it in shown.all("p[@class='zoom']/a")}
    assert zooms == {
        "1×": ("?zoom=1#timeline", None),
        "4×": ("?zoom=4#timeline", "true"),
        "16×": ("?zoom=16#timeline", None),
    }
    assert len(shown.all("meta[@http-equiv='refresh']")) == 1
    paused = rendered([worker("w", ago=HOUR)], refresh=10, options=PageOptions(zoom=4, hold=True))
    assert paused.all("meta[@http-equiv='refresh']") == []
    assert "Paused: resume" in text(paused.all("header")[0])
    assert [it.get("href") for it in paused.all("p[@class='asof']/a")] == ["?zoom=4"]
    assert shown.all("input") == []
    assert len(rendered([worker("w", ago=HOUR)]).all("input[@type='radio']")) == 3, "a file has no address to ask"


def test_nothing_comes_from_elsewhere():
    html = page.render(view([worker("w", ago=HOUR)], [run(1, ago=HOUR)]))
    (policy,) = Page(html).all("meta[@http-equiv='Content-Security-Policy']")
    assert policy.get("content").startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert not re.search(r"https?:|url\(|@import|<script|<link", html)


HOLDERS = [
    Holder("correlator-0", "10.2.3.4:8080", "0–3", "answers", complete=True),
    Holder("correlator-1", "10.2.3.5:8080", "4, 5", "does not answer", complete=False),
]


def test_who_holds_what_is_said_where_there_are_several():
    open_, ended = [worker("w", ago=HOUR), run(1, ago=MINUTE, outcome=None)], [run(2, ago=HOUR)]
    held_by = {it.record_id: f"correlator-{number}" for number, it in enumerate([*open_, *ended])}
    shown = rendered(open_, ended, held_by=held_by, holders=HOLDERS, refresh=10)
    columns = {"workers": "Held by", "runs": "Held by", "last": "Published by"}
    assert [shown.rows(name)[0][column] for name, column in columns.items()] == list(held_by.values())
    assert [tuple(row.values()) for row in shown.rows("holders")] == [
        ("correlator-0", "0–3", "10.2.3.4:8080", "answers"),
        ("correlator-1", "4, 5", "10.2.3.5:8080", "does not answer"),
    ]
    assert "Who holds what" in [text(it) for it in shown.all("nav/a")]


def test_where_there_is_one_nothing_is_said_of_who_holds_what():
    shown = rendered([worker("w", ago=HOUR), run(1, ago=MINUTE, outcome=None)], [run(2, ago=HOUR)], refresh=10)
    columns = {column for name in ("workers", "runs", "last") for column in shown.rows(name)[0]}
    assert columns.isdisjoint({"Held by", "Published by"})
    assert shown.all("h2[@id='holders']") == []
    assert "holds" not in text(shown.root)


def test_what_is_missing_is_called_out_and_counts_are_at_least():
    sentences = ["correlator-1 does not answer: partition 4 is missing here.", "Nobody holds partition 5."]
    open_ = [worker("w", ago=HOUR), run(1, ago=MINUTE, outcome=None)]
    shown = rendered(open_, missing=sentences, usual={"Long Pool": SECOND})
    (callout,) = shown.all("section[@aria-label='What is missing']")
    assert [text(it) for it in callout.findall("ul/li")] == sentences
    figures = shown.figures()
    assert (figures["run going"], figures["worker up"], figures["over their usual time"]) == ("1+", "1+", "1+")
    assert rendered(open_).all("section[@aria-label='What is missing']") == []


def test_what_is_left_out_is_said():
    open_ = [run(("open", number), ago=HOUR + number, outcome=None) for number in range(MAX_ROWS + 20)]
    ended = [run(number, ago=HOUR * number, lasts=number * SECOND) for number in range(1, MAX_ROWS + 31)]
    shown = rendered(open_, ended, open_total={Kind.FLOW_RUN: 10_000}, usual={})
    asides = [text(it) for it in shown.all("p[@class='aside']")]
    assert f"Left out: {10_000 - MAX_ROWS:,} other ones of 10,000." in asides
    assert f"Left out: 30 earlier records of {MAX_ROWS + 30}; the figures count all of them." in asides
    assert shown.figures()["runs going"] == f"{MAX_ROWS + 20}+"
    assert shown.figures()["workers up"] == "0"
    assert shown.figures()["completed"] == str(MAX_ROWS + 30)
    assert [row["Duration"] for row in shown.rows("longest")][:2] == ["5m 30s", "5m 29s"]
    few = rendered((), ended[:5], ended_total=70)
    assert "Records the last 5 of 70" in text(few.root)
    assert "Left out: 65 earlier records of 70; the figures count the last 5." in text(few.root)


@pytest.mark.parametrize("name", ["n", "<&'\"" * 125, "🚀" * 500, "\u202e" * 500])
def test_it_is_never_larger_than_it_may_be(name):
    names = {"name": name, "flow": name, "deployment": name, "worker_name": name}
    open_ = [run((1, number), ago=number, outcome=None, pool=f"{number}{name}", **names) for number in range(1000)]
    ended = [run(number, ago=number * MINUTE, pool=f"{number}{name}", **names) for number in range(2000)]
    html = page.render(view(open_, ended))
    assert len(html.encode()) <= MAX_PAGE_BYTES
    shown = Page(html)
    assert shown.figures()["completed"] == "2,000"
    assert len(shown.rows("runs")) == len(shown.rows("last")) > 10


def test_a_lifecycle_without_any_names_can_be_looked_at():
    bare = WORKER._replace(name=WORKER.subject, pool=None, worker_name=None)
    nameless = run(1, ago=HOUR, flow=None, deployment=None, pool=None, worker=None, worker_name=None, started=None)
    shown = rendered((), [bare, nameless])
    assert shown.lanes() == [WORKER.subject, "without a worker"]
    assert len(shown.rows("last")) == 2
