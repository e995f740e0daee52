"""A raw partition's clock: rules T1 to T3."""

import pytest

from correlator.core import PartitionClock, clock_without_one

MINUTE = 60_000_000
WALL = 1_790_000_000_000_000
WEEK = 7 * 24 * 60 * MINUTE


def test_none_until_something_is_seen():
    assert PartitionClock(WALL).now is None


def test_the_greatest_occurred():
    """Rule T1."""
    clock = PartitionClock(WALL)
    assert clock.observe(WALL - 10, WALL, WALL) == WALL - 10
    assert clock.observe(WALL - 20, WALL, WALL) == WALL - 10
    assert clock.observe(WALL - 5, WALL, WALL) == WALL - 5


def test_an_old_log_s_clock_is_old():
    clock = PartitionClock(WALL)
    assert clock.observe(WALL - WEEK, WALL - WEEK, WALL) == WALL - WEEK


def test_an_event_from_the_future_does_not_move_it():
    """Rule T2."""
    clock = PartitionClock(WALL)
    assert clock.observe(WALL + 5 * MINUTE + 1, WALL, WALL) is None
    assert clock.observe(WALL + 5 * MINUTE, WALL, WALL) == WALL + 5 * MINUTE


def test_the_future_is_measured_from_when_it_arrived():
    clock = PartitionClock(WALL)
    assert clock.observe(WALL - WEEK + 6 * MINUTE, WALL - WEEK, WALL) is None


def test_wall_time_once_read_to_the_end_and_quiet():
    """Rule T3."""
    clock = PartitionClock(WALL)
    assert clock.rest(WALL + MINUTE - 1) is None
    assert clock.rest(WALL + MINUTE) == WALL + MINUTE


def test_an_event_ends_the_quiet():
    clock = PartitionClock(WALL)
    clock.observe(WALL - WEEK, WALL - WEEK, WALL + MINUTE)
    assert clock.rest(WALL + 2 * MINUTE - 1) == WALL - WEEK
    assert clock.rest(WALL + 2 * MINUTE) == WALL + 2 * MINUTE


def test_an_event_from_the_future_ends_the_quiet_too():
    clock = PartitionClock(WALL)
    clock.observe(WALL + WEEK, WALL, WALL + MINUTE)
    assert clock.rest(WALL + 2 * MINUTE - 1) is None


def test_it_never_goes_back():
    clock = PartitionClock(WALL)
    clock.observe(WALL + 3 * MINUTE, WALL, WALL)
    assert clock.rest(WALL + 2 * MINUTE) == WALL + 3 * MINUTE
    assert clock.rest(WALL + 4 * MINUTE) == WALL + 4 * MINUTE
    assert clock.rest(WALL + 1 * MINUTE) == WALL + 4 * MINUTE  # the wall clock was set back
    assert clock.observe(WALL, WALL, WALL) == WALL + 4 * MINUTE


@pytest.mark.parametrize("dated, goes_by", [(-WEEK, -WEEK), (4 * MINUTE, 4 * MINUTE), (WEEK, 5 * MINUTE)])
def test_an_event_without_any_clock_goes_by_its_own_date_as_far_as_that_can_be_right(dated, goes_by):
    """The first that a partition shows, dated 2099: its lifecycle must not be open until then (rule T7)."""
    assert clock_without_one(WALL + dated, WALL) == WALL + goes_by
