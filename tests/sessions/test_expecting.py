"""What the records must say, by release."""

import pytest

from sessions.deeds import Plot
from sessions.expecting import expected
from sessions.release import Release

OLD, NEW = Release(3, 0, 11), Release(3, 9, 1)


@pytest.mark.parametrize("release", [OLD, Release(3, 1, 3), Release(3, 2, 8), Release(3, 8, 4), NEW], ids=str)
@pytest.mark.parametrize("plot", Plot, ids=lambda plot: plot.name)
def test_of_everything_something_is_expected(plot: Plot, release: Release):
    wanted = expected(plot, release)
    if wanted.outcome in {"superseded", "lost", None}:
        assert wanted.why, "what Prefect does not tell has a reason"


@pytest.mark.parametrize("plot", [Plot.STOPPED, Plot.TERMINATED])
def test_a_stop_that_is_not_delivered_leaves_a_lost_worker(plot: Plot):
    assert expected(plot, NEW).outcome == "completed"
    assert expected(plot, NEW).why == ""
    assert expected(plot, OLD).outcome == "lost"
    assert "3.1.3" in expected(plot, OLD).why


def test_what_a_raising_flow_exits_with():
    assert expected(Plot.RAISES, OLD).says["infrastructure.status_code"] == {1}
    assert expected(Plot.RAISES, NEW).says["infrastructure.status_code"] == {0}


def test_what_a_killed_worker_leaves_is_ended_by_the_flow_run():
    wanted = expected(Plot.ORPHANED, NEW)
    assert (wanted.outcome, wanted.says["ended_by"]) == ("completed", {"flow-run"})


def test_a_served_run_that_cannot_be_cancelled_has_no_record():
    assert expected(Plot.SERVED_CANCELLED, NEW).outcome == "cancelled"
    assert expected(Plot.SERVED_CANCELLED, Release(3, 2, 15)).outcome is None
