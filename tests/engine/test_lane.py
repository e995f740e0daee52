"""A lane: what waits becomes steps, one at a time, and the table shows what is committed. Nothing here does I/O."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.engine import Slice, Step
from correlator.engine.lane import Lane, LostSlice, NotRecovered
from tests.engine.fakes import CHANGELOG, INPUT, Stage, Table, a_slice, changing

LIMIT = 10


def empty(end: int) -> Step:
    """A step with nothing to publish."""
    return Step((), {}, end)


class Around:
    """A lane that is open at an offset, and its surroundings."""

    def __init__(self, *, start: int | None = 0, table: bool = True) -> None:
        self.stage, self.table = Stage(), Table()
        shown: Any = self.table if table else None
        self.lane = Lane(INPUT, self.stage, shown, limit=LIMIT)
        self.committed: list[int] = []
        if start is not None:
            self.lane.open(start)
            self.go_on()

    def commit(self, step: Step) -> None:
        """Commit a step as a beat does. The changelog's offsets count the steps."""
        self.committed.append(step.end)
        self.lane.committed(step, 100 + len(self.committed))
        self.lane.settled(step.end)

    def go_on(self) -> None:
        """Make and commit all steps that there are."""
        while (step := self.lane.next()) is not None:
            self.commit(step)

    def shown(self, key: bytes = b"k") -> bytes | None:
        return self.table.get_committed(INPUT.partition, key)


@pytest.fixture
def around() -> Around:
    return Around()


def test_a_slice_becomes_a_step_and_what_it_changes_is_shown(around):
    around.lane.offer(a_slice(0, 5))
    assert around.lane.next() == changing(5, k=b"v")
    around.commit(changing(5, k=b"v"))
    assert around.stage.slices == [a_slice(0, 5)]
    assert around.lane.done == 5
    assert around.shown() == b"v"
    assert around.table.store.offset(INPUT.partition) == 101
    assert around.lane.next() is None


def test_changes_go_to_the_partition_s_part_of_the_changelog(around):
    assert around.lane.changelog == (CHANGELOG, INPUT.partition)
    assert Around(table=False).lane.changelog is None


# What waits


def test_what_waits_becomes_one_slice(around):
    around.lane.offer(a_slice(0, 2))
    step = around.lane.next()
    for start in range(2, 8, 2):
        around.lane.offer(a_slice(start, start + 2))
    around.commit(step)
    around.go_on()
    assert around.stage.slices == [a_slice(0, 2), a_slice(2, 8)]


JOINED = [  # bounds of what waits; of the slices that become of it
    ([(0, 4), (4, 8), (8, 12), (12, 16)], [(0, 8), (8, 16)]),
    ([(0, 5), (5, 10), (10, 11)], [(0, 10), (10, 11)]),
    ([(0, 1), (1, 20), (20, 21)], [(0, 1), (1, 20), (20, 21)]),  # larger than the limit, it stays whole
    ([(0, 20)], [(0, 20)]),
]


@pytest.mark.parametrize("waiting, joined", JOINED)
def test_slices_hold_no_more_than_the_limit(around, waiting, joined):
    for start, end in waiting:
        around.lane.offer(a_slice(start, end))
    around.go_on()
    assert around.stage.bounds == joined


def test_markers_count_for_the_bounds_and_not_for_the_limit(around):
    around.lane.offer(a_slice(0, 30, without=range(3, 29)))
    around.lane.offer(a_slice(30, 40, without=range(30, 40)))
    around.lane.offer(a_slice(40, 44))
    around.go_on()
    assert around.stage.bounds == [(0, 44)]
    assert [record.offset for record in around.stage.slices[0].records] == [0, 1, 2, 29, 40, 41, 42, 43]


def test_there_is_room_until_as_many_records_wait_as_the_limit(around):
    around.lane.offer(a_slice(0, 50))
    assert not around.lane.has_room
    step = around.lane.next()
    assert around.lane.has_room, "what a step was made of does not wait any more"
    around.lane.offer(a_slice(50, 59))
    assert around.lane.has_room
    around.lane.offer(a_slice(59, 60))
    assert not around.lane.has_room
    around.commit(step)
    assert not around.lane.has_room
    around.go_on()
    assert around.lane.has_room


@pytest.mark.parametrize("start", [4, 6], ids=["overlaps", "leaves a hole"])
def test_a_slice_that_does_not_join_is_a_lost_one(around, start):
    around.lane.offer(a_slice(0, 5))
    with pytest.raises(LostSlice, match=rf"^input-3 went on at {start} instead of 5$"):
        around.lane.offer(a_slice(start, 9))


def test_the_first_slice_joins_the_committed_offset():
    around = Around(start=7)
    with pytest.raises(LostSlice, match=r"at 0 instead of 7"):
        around.lane.offer(a_slice(0, 9))
    around.lane.offer(a_slice(7, 9))
    around.go_on()
    assert around.stage.bounds == [(7, 9)]


# One step at a time


def test_a_step_is_computed_when_it_is_asked_for_and_sees_what_is_committed(around):
    computed = []

    def decide(slice_: Slice) -> Iterator[Step]:
        for n in range(3):
            computed.append((n, around.shown()))
            yield changing(slice_.start + n + 1, k=b"%d" % n)

    around.stage.decide = decide
    around.lane.offer(a_slice(0, 3))
    assert computed == []
    around.go_on()
    assert computed == [(0, None), (1, b"0"), (2, b"1")]
    assert around.committed == [1, 2, 3]


def test_the_table_shows_a_change_only_when_it_is_committed(around):
    around.lane.offer(a_slice(0, 5))
    step = around.lane.next()
    assert (around.shown(), around.lane.done) == (None, 0)
    around.commit(step)
    assert (around.shown(), around.lane.done) == (b"v", 5)


def test_a_step_that_changes_nothing_leaves_the_changelog_s_offset(around):
    around.lane.committed(changing(5, k=b"v"), 17)
    around.lane.committed(changing(6), None)
    around.lane.committed(empty(7), None)
    assert around.table.store.offset(INPUT.partition) == 17


def test_a_stage_is_told_once_what_is_committed(around):
    told = []
    around.stage.decide = lambda slice_: [
        Step((), {}, 1, lambda: told.append("empty")),
        Step((), {b"k": b"v"}, 2, lambda: told.append(around.shown())),
    ]
    around.lane.offer(a_slice(0, 2))
    empty_one = around.lane.next()
    assert told == []
    around.commit(empty_one)
    around.go_on()
    assert told == ["empty", b"v"], "the table shows it by then"


def test_there_is_more_until_a_slice_has_no_step_left(around):
    assert not around.lane.has_more
    around.lane.offer(a_slice(0, 1))
    assert around.lane.has_more
    around.commit(around.lane.next())
    assert around.lane.has_more, "nobody knows before the next one is asked for"
    assert around.lane.next() is None
    assert not around.lane.has_more


def test_slices_without_a_step_are_passed_over(around):
    around.stage.decide = lambda slice_: [changing(slice_.end, k=b"v")] if slice_.start else []
    around.lane.offer(a_slice(0, 8))
    around.lane.offer(a_slice(8, 16))
    assert around.lane.next() == changing(16, k=b"v")


# What is owed


def test_an_offset_is_owed_from_the_step_that_moves_it_until_it_is_committed(around):
    assert not around.lane.owes
    around.lane.committed(empty(3), None)
    assert around.lane.owes
    around.lane.committed(empty(5), None)
    around.lane.settled(3)  # it was sent while the next step was made
    assert around.lane.owes
    around.lane.settled(5)
    assert not around.lane.owes


def test_nothing_is_owed_of_an_offset_that_does_not_move():
    around = Around(start=7)
    assert not around.lane.owes
    around.lane.committed(changing(7, k=b"v"), 17)
    assert not around.lane.owes


# Beginning


@pytest.mark.parametrize(
    "table, recovered, beginning, end, read",
    [
        (True, 9, 0, 10, None),
        (True, 12, 0, 10, None),  # it grew since the end was asked for
        (True, 8, 0, 10, 8),
        (True, None, 0, 10, -1),
        (True, None, 4, 10, 3),
        (True, None, 10, 10, None),  # an empty changelog
        (False, None, 0, 10, None),
    ],
)
def test_a_table_is_recovered_where_it_reaches_the_end_of_its_changelog(table, recovered, beginning, end, read):
    around = Around(start=None, table=table)
    around.table.store.apply(INPUT.partition, [], recovered)
    assert around.lane.recovered == (recovered if table else None)
    if read is None:
        around.lane.require_recovered(beginning, end)
    else:
        with pytest.raises(NotRecovered, match=f"^changelog-3 was read up to {read} of 9$"):
            around.lane.require_recovered(beginning, end)


def test_what_its_table_says_of_the_changelog_is_passed_on():
    around = Around(start=None)
    assert around.lane.reconcile(0, 10) is None
    around.table.warning = "the head is gone"
    assert around.lane.reconcile(0, 10) == "the head is gone"
    assert Around(start=None, table=False).lane.reconcile(0, 10) is None


def test_a_stage_is_told_of_its_partition_and_where_it_begins():
    around = Around(start=7)
    assert around.stage.calls == ["assigned 3 from 7"]
    assert around.lane.done == 7


def test_what_a_stage_yields_at_first_comes_before_the_first_slice():
    around = Around(start=None)
    around.stage.at_first = [changing(7, a=b"1"), changing(7, b=b"2")]
    around.lane.open(7)
    assert around.lane.has_more
    around.lane.offer(a_slice(7, 9))
    for _ in around.stage.at_first:
        around.commit(around.lane.next())
        assert around.stage.slices == []
    around.go_on()
    assert around.stage.slices == [a_slice(7, 9)]
    assert around.committed == [7, 7, 9]


def test_each_step_of_taking_a_partition_up_counts():
    """There may be millions of entries to go through, and until then `done` does not move."""
    around = Around(start=None)
    around.stage.at_first = [empty(7)] * 3
    around.lane.open(7)
    around.go_on()
    assert (around.lane.done, around.lane.steps) == (7, 3)


def test_each_step_of_a_slice_counts(around):
    """What one clock makes due may be many steps, all up to the same offset."""
    around.stage.decide = lambda slice_: [changing(1, k=b"v")] * 4
    around.lane.offer(a_slice(0, 1))
    around.go_on()
    assert around.lane.steps == 4


# Time


@pytest.mark.parametrize("end, caught_up", [(None, False), (6, False), (5, True), (4, True)])
def test_a_stage_is_told_whether_it_has_caught_up(around, end, caught_up):
    around.lane.offer(a_slice(0, 5))
    around.go_on()
    around.lane.nudge(end)
    assert around.stage.idled == [(3, 5, caught_up)]


def test_what_time_asks_for_is_done(around):
    around.stage.when_idle = [changing(0, k=b"1"), changing(0, k=b"2")]
    around.lane.nudge(0)
    assert around.lane.has_more
    around.go_on()
    assert around.committed == [0, 0]
    assert around.shown() == b"2"


def occupied(around: Around, by: str) -> None:
    if by == "a partition that is taken up":
        around.stage.at_first = [empty(0), empty(0)]
        around.lane.open(0)
    elif by == "what time asked for before":
        around.lane.nudge(0)
        around.stage.idled.clear()
    else:
        around.lane.offer(a_slice(0, 2))
    if by == "a slice that is decided":
        around.lane.next()


@pytest.mark.parametrize(
    "by",
    [
        "a slice that waits",
        "a slice that is decided",
        "a partition that is taken up",
        "what time asked for before",
    ],
)
def test_time_asks_nothing_while_there_is_something_else(around, by):
    occupied(around, by)
    around.lane.nudge(2)
    assert around.stage.idled == []


def test_what_time_asks_for_counts_as_a_step_only_while_slices_wait(around):
    """It comes in any case, and would hide a stalled fetch."""
    around.stage.when_idle = [changing(0, k=b"of time")] * 3
    around.lane.nudge(0)
    around.go_on()
    assert around.lane.steps == 0
    around.lane.nudge(0)
    step = around.lane.next()
    around.lane.offer(a_slice(0, 2))
    around.commit(step)
    assert around.lane.steps == 1
    around.go_on()
    assert around.lane.steps == 4, "two more of time, and the slice"


def test_slices_that_come_while_time_is_served_wait(around):
    around.stage.when_idle = [changing(0, k=b"1"), changing(0, k=b"2")]
    around.lane.nudge(0)
    step = around.lane.next()
    around.lane.offer(a_slice(0, 2))
    around.commit(step)
    assert around.stage.slices == []
    around.go_on()
    assert around.committed == [0, 0, 2]


# Closing


def test_closing_leaves_the_rest_of_a_slice_and_what_waits_to_the_next_owner(around):
    around.stage.decide = lambda slice_: (changing(end, k=b"v") for end in (1, 2, 3))
    around.lane.offer(a_slice(0, 3))
    around.commit(around.lane.next())
    around.lane.offer(a_slice(3, 20))
    assert not around.lane.has_room
    around.lane.close()
    assert around.stage.calls[-1] == "revoked 3"
    assert (around.lane.has_more, around.lane.next()) == (False, None)
    assert around.lane.has_room
    assert (around.lane.done, around.stage.bounds) == (1, [(0, 3)])


# All of it together


@given(
    told=st.lists(st.one_of(st.integers(1, 7), st.sampled_from(["nudge", "next"])), max_size=60),
    parts=st.integers(1, 3),
)
def test_every_record_is_decided_once_and_in_order_whatever_happens(told, parts):
    around = Around()

    def decide(slice_: Slice) -> Iterator[Step]:
        assert len(slice_.records) <= LIMIT
        for end in sorted({slice_.end - (slice_.end - slice_.start) * n // parts for n in range(parts)}):
            yield changing(end, at=b"%d" % end)

    around.stage.decide = decide
    end = 0
    for it in told:
        if it == "nudge":
            around.lane.nudge(end)
        elif it == "next":
            if (step := around.lane.next()) is not None:
                around.commit(step)
        else:
            around.lane.offer(a_slice(end, end + it))
            end += it
    around.go_on()
    decided = [record.offset for slice_ in around.stage.slices for record in slice_.records]
    assert decided == list(range(end))
    assert all(before == start for (_, before), (start, _) in pairwise([(0, 0), *around.stage.bounds]))
    assert around.committed == sorted(set(around.committed))
    assert around.lane.done == end
