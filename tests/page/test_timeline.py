"""Where things are in the timeline: the axis and its ticks, lanes, rows and bars."""

from itertools import pairwise

import pytest

from correlator.core import Outcome
from correlator.page import words
from correlator.page.axis import Axis, axis_for
from correlator.page.timeline import STUB_WIDTH, lanes_of
from correlator.page.words import DAY
from tests.page.views import HOUR, MINUTE, NOW, SECOND, run, worker


@pytest.mark.parametrize(
    "microseconds, said",
    [
        (0, "0ms"),
        (1, "<1ms"),
        (999_999, "999ms"),
        (SECOND, "1s"),
        (12_345_678, "12.3s"),
        (59_999_999, "59.9s"),
        (MINUTE, "1m"),
        (324_028_089, "5m 24s"),
        (HOUR + 59 * SECOND, "1h"),
        (3 * HOUR + 12 * MINUTE, "3h 12m"),
        (90 * DAY, "90d"),
        (1234 * DAY + 23 * HOUR, "1,234d 23h"),
    ],
)
def test_spans_as_people_read_them(microseconds, said):
    assert words.span(microseconds) == said


@pytest.mark.parametrize(
    "at, said",
    [
        (NOW - HOUR, "15:00:00"),
        (NOW - 17 * HOUR, "22 Nov 23:00"),
        (NOW - 365 * DAY, "23 Nov 2025 16:00"),
    ],
)
def test_times_as_one_says_them_now(at, said):
    assert words.when(at, NOW) == said


@pytest.mark.parametrize(
    "length", [SECOND, MINUTE, 7 * MINUTE, HOUR, 5 * HOUR, DAY, 3 * DAY, 9 * DAY, 90 * DAY, 4000 * DAY, 40_000 * DAY]
)
@pytest.mark.parametrize("most", [8, 30, 110])
def test_ticks_are_few_even_and_at_round_times(length, most):
    axis = Axis(NOW - length + 123_457, NOW)
    ticks = axis.ticks(most)
    assert 1 <= len(ticks) <= most + 1
    assert len({tick.label for tick in ticks}) >= min(len(ticks), 2)
    gaps = [round(b.at - a.at, 1) for a, b in pairwise(ticks)]
    assert not gaps or max(gaps) - min(gaps) <= 0.1
    assert all(0 <= tick.at <= 100 for tick in ticks)


def test_days_are_named_where_they_begin():
    ticks = Axis(NOW - DAY, NOW).ticks(8)
    assert [(tick.label, tick.day) for tick in ticks] == [
        ("18:00", "22 Nov"),
        ("00:00", "23 Nov"),
        ("06:00", None),
        ("12:00", None),
    ]
    weeks = Axis(NOW - 40 * DAY, NOW).ticks(8)
    assert [tick.label for tick in weeks] == ["19 Oct", "26 Oct", "2 Nov", "9 Nov", "16 Nov", "23 Nov"]  # Mondays


def test_the_axis_holds_all_but_a_few_that_would_make_the_rest_too_small():
    even = [NOW - number * MINUTE for number in range(60)]
    assert axis_for(even, NOW).begin <= NOW - 59 * MINUTE
    assert axis_for([*even, NOW - 60 * DAY], NOW).begin > NOW - 90 * MINUTE
    assert axis_for([], NOW).end >= NOW


AXIS = Axis(NOW - 100 * MINUTE, NOW)


def test_a_lane_holds_a_worker_and_the_runs_that_it_carried():
    one, two = worker("w-2", ago=90 * MINUTE), worker("w-10", ago=50 * MINUTE)
    by_one = run(1, ago=80 * MINUTE, lasts=10 * MINUTE, worker=one.worker)
    by_two = run(2, ago=40 * MINUTE, lasts=10 * MINUTE, worker=two.worker)
    lanes, left_out = lanes_of([by_two, by_one, two, one], AXIS)
    assert [(lane.name, [it.summary for it in lane.workers], [it.summary for it in lane.runs]) for lane in lanes] == [
        ("w-2", [one], [by_one]),
        ("w-10", [two], [by_two]),
    ]
    assert left_out == 0
    (bar,) = lanes[0].runs
    assert (bar.left, bar.width) == (20, 10)


def test_what_goes_on_at_the_same_time_lies_in_rows_of_its_own():
    spans = [(90, 20), (85, 5), (80, 30), (70, 10), (60, 5)]
    runs = [run(number, ago=ago * MINUTE, lasts=lasts * MINUTE) for number, (ago, lasts) in enumerate(spans)]
    (lane,), _ = lanes_of(runs, AXIS)
    assert [bar.row for bar in lane.runs] == [0, 1, 1, 0, 0]
    for one in lane.runs:
        for other in lane.runs:
            apart = one.left + one.width <= other.left or other.left + other.width <= one.left
            assert one is other or one.row != other.row or apart


@pytest.mark.parametrize(
    "it, left, right",
    [
        (run(1, ago=50 * MINUTE, lasts=10 * MINUTE), 50, 60),
        (run(1, ago=50 * MINUTE, outcome=None), 50, 100),
        (run(1, ago=200 * MINUTE, outcome=None), 0, 100),
        (run(1, ago=200 * MINUTE, lasts=150 * MINUTE), 0, 50),
        (run(1, ago=50 * MINUTE, outcome=Outcome.LOST), 50, 50 + STUB_WIDTH),
        (run(1, ago=50 * MINUTE, outcome=Outcome.SUPERSEDED), 50, 50 + STUB_WIDTH),
        (run(1, ago=50 * MINUTE, outcome=Outcome.CANCELLED, ended=None, cancelled=NOW - 30 * MINUTE), 50, 70),
        (run(1, ago=0, outcome=Outcome.UNMATCHED, started=None, ended=NOW - 30 * MINUTE), 70, 70),
        (run(1, ago=30 * MINUTE, lasts=-MINUTE), 70, 70),
    ],
    ids=[
        "ended",
        "going",
        "going since before the axis",
        "began before the axis",
        "lost: nobody knows",
        "superseded by one that is not in the picture",
        "cancelled, never ended",
        "unmatched: a moment",
        "clocks that differ",
    ],
)
def test_where_a_bar_lies(it, left, right):
    ((lane,), _) = lanes_of([it], AXIS)
    (bar,) = lane.runs
    assert (bar.left, bar.left + bar.width) == (left, right)


def test_how_much_of_a_bar_is_usual():
    """The share of the bar of a run that has been going for 50 minutes."""
    ((lane,), _) = lanes_of([run(1, ago=50 * MINUTE, outcome=None)], AXIS)
    (bar,) = lane.runs
    assert [bar.share(AXIS, NOW - ago * MINUTE) for ago in (50, 40, 0, 200)] == [0, 20, 100, 0]
    ((lane,), _) = lanes_of([run(1, ago=0, outcome=None)], AXIS)
    assert lane.runs[0].share(AXIS, NOW) == 0, "a bar of no width"


def test_a_superseded_one_ends_where_the_next_began():
    old = worker("w", ago=90 * MINUTE, outcome=Outcome.SUPERSEDED, superseded_by="the next")
    new = worker("w", ago=40 * MINUTE, record_id="n", start_id="the next")
    ((lane,), _) = lanes_of([old, new], AXIS)
    assert [(bar.left, bar.width, bar.row) for bar in lane.workers] == [(10, 50, 0), (60, 40, 0)]


def test_what_ended_before_the_axis_is_not_drawn():
    assert lanes_of([run(1, ago=300 * MINUTE, lasts=MINUTE)], AXIS) == ([], 0)
