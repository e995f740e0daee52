"""How long the runs of a pool usually take."""

import pytest

from correlator.core import Outcome
from correlator.page import RecentDurations
from correlator.page.usual import MAX_POOLS, MAX_RUNS, MIN_RUNS
from tests.page.views import HOUR, MINUTE, SECOND, run, worker


def usual_of(runs) -> dict[str | None, int]:
    usual = RecentDurations()
    for it in runs:
        usual.add(it)
    return usual.by_pool()


def runs(count, *, lasts=MINUTE, **more):
    return [run(number, ago=HOUR, lasts=lasts, **more) for number in range(count)]


def test_it_is_said_from_enough_runs_on():
    assert usual_of(runs(MIN_RUNS - 1)) == {}
    assert usual_of(runs(MIN_RUNS)) == {"Long Pool": MINUTE}


def test_it_is_what_95_of_100_took_at_most():
    assert usual_of(run(number, ago=HOUR, lasts=number * SECOND) for number in range(1, 101)) == {
        "Long Pool": 95 * SECOND
    }


def test_each_pool_by_itself():
    both = [*runs(MIN_RUNS, pool="one"), *runs(MIN_RUNS, lasts=SECOND, pool=None)]
    assert usual_of(both) == {"one": MINUTE, None: SECOND}


@pytest.mark.parametrize("outcome", [it for it in Outcome if it is not Outcome.COMPLETED])
def test_only_what_completed_says_how_long_it_takes(outcome):
    assert usual_of(runs(MIN_RUNS, outcome=outcome)) == {}


def test_workers_say_nothing():
    up = [worker("w", ago=HOUR, ended=0, outcome=Outcome.COMPLETED)] * MIN_RUNS
    assert usual_of(up) == {}


def test_what_is_usual_changes():
    assert usual_of([*runs(MAX_RUNS), *runs(MAX_RUNS, lasts=SECOND)]) == {"Long Pool": SECOND}


def test_pools_without_recent_runs_are_forgotten():
    old = [*runs(MIN_RUNS, pool="gone"), *runs(MIN_RUNS, pool="busy")]
    many = [run(number, ago=HOUR, pool=str(number)) for number in range(MAX_POOLS - 1)]
    assert usual_of([*old, *many, *runs(1, pool="busy")]) == {"busy": MINUTE}
