"""A lane: what waits becomes one transaction, one at a time, and the table shows what is committed."""

import asyncio
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.engine import Slice, Step
from correlator.engine.lane import Lane, LostSlice
from tests.engine.fakes import CHANGELOG, INPUT, Failures, Publisher, Stage, Table, a_slice, changing, settled

LIMIT = 10


class Around:
    """A lane that is open at an offset, and what stands around it."""

    def __init__(self, *, start: int | None = 0, table: bool = True) -> None:
        self.stage, self.publisher, self.table, self.failures = Stage(), Publisher(), Table(), Failures()
        shown = self.table if table else None
        self.lane = Lane(INPUT, self.stage, shown, self.publisher, limit=LIMIT, fail=self.failures)
        if start is not None:
            self.lane.open(start)

    @property
    def committed(self) -> list[int]:
        return [transaction.end for transaction in self.publisher.published]

    def shown(self, key: bytes = b"k") -> bytes | None:
        return self.table.get_committed(INPUT.partition, key)


@pytest.fixture
async def around() -> Around:
    around = Around()
    await settled()
    return around


async def test_a_slice_is_decided_and_its_transaction_committed(around):
    around.lane.offer(a_slice(0, 5))
    await settled()
    assert around.stage.slices == [a_slice(0, 5)]
    assert around.committed == [5]
    assert around.lane.done == 5
    assert around.shown() == b"v"
    assert around.table.store.offset(INPUT.partition) == 101
    assert around.publisher.changelogs == [(CHANGELOG, INPUT.partition)]
    assert around.failures.seen == []


async def test_a_lane_without_a_table_has_no_changelog():
    around = Around(table=False)
    around.stage.decide = lambda slice_: [changing(slice_.end)]
    around.lane.offer(a_slice(0, 5))
    await settled()
    assert around.committed == [5]
    assert around.publisher.changelogs == [None]


# What waits


async def test_what_waits_becomes_one_slice(around):
    around.publisher.hold()
    for start in range(0, 8, 2):
        around.lane.offer(a_slice(start, start + 2))
        await settled()
    assert around.stage.bounds == [(0, 2)]
    await around.publisher.let_one_go()
    assert around.stage.slices == [a_slice(0, 2), a_slice(2, 8)]


async def test_what_waits_becomes_slices_of_no_more_than_the_limit(around):
    around.publisher.hold()
    for start in range(0, 32, 4):
        around.lane.offer(a_slice(start, start + 4))
    await around.publisher.let_go()
    await settled(100)
    assert around.stage.bounds == [(0, 8), (8, 16), (16, 24), (24, 32)]


async def test_a_slice_that_is_larger_than_the_limit_stays_whole(around):
    around.publisher.hold()
    around.lane.offer(a_slice(0, 1))
    await settled()
    around.lane.offer(a_slice(1, 2))
    around.lane.offer(a_slice(2, 20))
    await around.publisher.let_go()
    await settled(100)
    assert around.stage.bounds == [(0, 1), (1, 2), (2, 20)]


async def test_markers_count_for_the_bounds_and_not_for_the_limit(around):
    around.publisher.hold()
    around.lane.offer(a_slice(0, 1))
    await settled()
    around.lane.offer(a_slice(1, 30, without=range(3, 29)))
    around.lane.offer(a_slice(30, 40, without=range(30, 40)))
    around.lane.offer(a_slice(40, 44))
    await around.publisher.let_go()
    await settled(100)
    assert around.stage.bounds == [(0, 1), (1, 44)]
    assert [record.offset for record in around.stage.slices[1].records] == [1, 2, 29, 40, 41, 42, 43]


async def test_there_is_room_until_as_many_records_wait_as_the_limit(around):
    around.publisher.hold()
    around.lane.offer(a_slice(0, 50))
    await settled()
    assert around.lane.has_room  # what is being published does not wait any more
    around.lane.offer(a_slice(50, 59))
    assert around.lane.has_room
    around.lane.offer(a_slice(59, 60))
    assert not around.lane.has_room
    await around.publisher.let_one_go()
    assert around.lane.has_room


@pytest.mark.parametrize("start", [4, 6], ids=["overlaps", "leaves a hole"])
async def test_a_slice_that_does_not_join_is_a_lost_one(around, start):
    around.lane.offer(a_slice(0, 5))
    with pytest.raises(LostSlice, match=rf"^input-3 went on at {start} instead of 5$"):
        around.lane.offer(a_slice(start, 9))


async def test_the_first_slice_joins_the_committed_offset():
    around = Around(start=7)
    with pytest.raises(LostSlice, match=r"at 0 instead of 7"):
        around.lane.offer(a_slice(0, 9))
    around.lane.offer(a_slice(7, 9))


# One transaction at a time


async def test_never_two_at_a_time(around):
    around.publisher.hold()  # the fake one asserts it
    around.lane.offer(a_slice(0, 2))
    await settled()
    around.lane.offer(a_slice(2, 4))
    around.lane.nudge(None)
    await settled()
    assert len(around.publisher.begun) == 1
    await around.publisher.let_one_go()
    assert len(around.publisher.begun) == 2
    await around.publisher.let_go()
    assert around.committed == [2, 4]


async def test_each_transaction_of_a_slice_is_committed_before_the_next_is_computed(around):
    computed = []

    def decide(slice_: Slice) -> Iterator[Step]:
        for n in range(3):
            computed.append((n, around.shown()))
            yield changing(slice_.start + n + 1, k=b"%d" % n)

    around.stage.decide = decide
    around.publisher.hold()
    around.lane.offer(a_slice(0, 3))
    await settled()
    assert computed == [(0, None)]
    await around.publisher.let_one_go()
    assert computed == [(0, None), (1, b"0")]
    await around.publisher.let_go()
    await settled()
    assert computed == [(0, None), (1, b"0"), (2, b"1")]
    assert around.committed == [1, 2, 3]


async def test_the_table_shows_a_change_only_when_it_is_committed(around):
    around.publisher.hold()
    around.lane.offer(a_slice(0, 5))
    await settled()
    assert around.publisher.begun
    assert around.shown() is None
    await around.publisher.let_one_go()
    assert around.shown() == b"v"


# Slices that change nothing


async def test_a_slice_that_changes_nothing_is_not_published_but_its_offset_is(around):
    around.stage.decide = lambda slice_: [Step((), {}, slice_.end)]
    for start in range(0, 20, 2):
        around.lane.offer(a_slice(start, start + 2))
        await settled()
    assert around.publisher.begun == []
    assert around.lane.done == 20
    around.lane.nudge(None)
    await settled()
    assert around.publisher.published == [Step((), {}, 20)]
    around.lane.nudge(None)
    await settled()
    assert around.committed == [20]  # once


async def test_closing_commits_the_offset_behind_slices_that_changed_nothing(around):
    around.stage.decide = lambda slice_: [Step((), {}, slice_.end)]
    around.lane.offer(a_slice(0, 5))
    await settled()
    await around.lane.close()
    assert around.publisher.published == [Step((), {}, 5)]


async def test_a_transaction_carries_the_offsets_of_those_before_it_that_changed_nothing(around):
    around.stage.decide = lambda slice_: [Step((), {}, 3), changing(4, k=b"v"), Step((), {}, 5)]
    around.lane.offer(a_slice(0, 5))
    await settled()
    assert around.committed == [4]
    await around.lane.close()
    assert around.committed == [4, 5]


async def test_a_slice_of_markers_moves_the_offset(around):
    around.stage.decide = lambda slice_: [Step((), {}, slice_.end)]
    around.lane.offer(a_slice(0, 2, without=[0, 1]))
    await settled()
    await around.lane.close()
    assert around.committed == [2]


# Beginning


async def test_a_stage_is_told_of_its_partition_and_where_it_begins():
    around = Around(start=7)
    assert around.stage.calls == ["assigned 3 from 7"]


async def test_what_a_stage_yields_at_first_comes_before_the_first_slice():
    around = Around(start=None)
    around.publisher.hold()
    around.stage.at_first = [changing(7, a=b"1"), changing(7, b=b"2")]
    around.lane.open(7)
    around.lane.offer(a_slice(7, 9))
    await settled()
    assert around.stage.slices == []
    await around.publisher.let_one_go()
    assert around.stage.slices == []
    assert (around.shown(b"a"), around.shown(b"b")) == (b"1", None)
    await around.publisher.let_go()
    await settled()
    assert around.stage.slices == [a_slice(7, 9)]
    assert around.committed == [7, 7, 9]


async def test_each_step_of_taking_a_partition_up_counts():
    """There may be millions of entries to go through, and until then `done` does not move."""
    around = Around(start=None)
    around.stage.at_first = [Step((), {}, 7)] * 3
    around.lane.open(7)
    await settled()
    assert (around.lane.done, around.lane.steps) == (7, 3)


async def test_each_transaction_of_a_slice_counts_as_a_step(around):
    """What one clock makes due may be many transactions, all up to the same offset."""
    around.stage.decide = lambda slice_: [changing(1, k=b"v")] * 4
    around.lane.offer(a_slice(0, 1))
    await settled(40)
    assert around.lane.steps == 4


# Time


@pytest.mark.parametrize("end, caught_up", [(None, False), (6, False), (5, True), (4, True)])
async def test_a_stage_is_told_whether_it_has_caught_up(around, end, caught_up):
    around.lane.offer(a_slice(0, 5))
    await settled()
    around.lane.nudge(end)
    await settled()
    assert around.stage.idled == [(3, 5, caught_up)]


async def test_what_time_asks_for_is_published(around):
    around.stage.when_idle = [changing(0, k=b"1"), changing(0, k=b"2")]
    around.lane.nudge(0)
    await settled()
    assert around.committed == [0, 0]
    assert around.shown() == b"2"


async def test_time_asks_nothing_while_a_slice_is_decided_or_waits(around):
    around.publisher.hold()
    around.stage.when_idle = [changing(0, k=b"of time")]
    around.lane.offer(a_slice(0, 2))
    around.lane.offer(a_slice(2, 4))
    around.lane.nudge(4)
    await settled()
    around.lane.nudge(4)
    await around.publisher.let_go()
    await settled()
    assert around.committed == [4]


async def test_a_stage_is_not_even_asked_while_a_slice_is_decided(around):
    around.publisher.hold()
    around.lane.offer(a_slice(0, 2))
    await settled()
    around.lane.nudge(2)
    await settled()
    assert around.stage.idled == []


async def test_what_time_asks_for_counts_as_a_step_only_for_slices_that_wait(around):
    """It comes at any rate, and would hide a fetch that stalls."""
    around.stage.when_idle = [changing(0, k=b"of time")] * 3
    around.lane.nudge(0)
    await settled(40)
    assert around.lane.steps == 0
    around.publisher.hold()
    around.lane.nudge(0)
    await settled()
    around.lane.offer(a_slice(0, 2))
    await around.publisher.let_one_go()
    assert around.lane.steps == 1
    await around.publisher.let_go()


async def test_slices_that_come_while_time_is_served_wait(around):
    around.publisher.hold()
    around.stage.when_idle = [changing(0, k=b"of time")]
    around.lane.nudge(0)
    await settled()
    around.lane.offer(a_slice(0, 2))
    await settled()
    assert around.stage.slices == []
    await around.publisher.let_go()
    await settled()
    assert around.committed == [0, 2]


# Closing


async def test_closing_waits_for_what_is_being_published(around):
    around.publisher.hold()
    around.lane.offer(a_slice(0, 5))
    await settled()
    closing = asyncio.create_task(around.lane.close())
    await settled()
    assert not closing.done()
    assert "revoked 3" not in around.stage.calls
    await around.publisher.let_one_go()
    await closing
    assert around.committed == [5]
    assert around.stage.calls[-1] == "revoked 3"


async def test_nothing_begins_after_closing(around):
    around.publisher.hold()
    around.lane.offer(a_slice(0, 2))
    await settled()
    around.lane.offer(a_slice(2, 4))
    closing = asyncio.create_task(around.lane.close())
    await settled()
    around.lane.offer(a_slice(4, 6))
    around.lane.nudge(6)
    await around.publisher.let_go()
    await closing
    around.lane.offer(a_slice(6, 8))
    around.lane.nudge(8)
    await settled(100)
    assert around.committed == [2]
    assert around.stage.bounds == [(0, 2)]


async def test_closing_before_a_slice_has_begun_forgets_it(around):
    around.lane.offer(a_slice(0, 2))
    await around.lane.close()
    assert around.publisher.begun == []


async def test_closing_between_two_transactions_of_a_slice_leaves_the_rest_to_the_next_owner(around):
    around.stage.decide = lambda slice_: (changing(end, k=b"v") for end in (1, 2, 3))
    around.publisher.hold()
    around.lane.offer(a_slice(0, 3))
    await settled()
    await around.publisher.let_one_go()
    closing = asyncio.create_task(around.lane.close())
    await settled()
    await around.publisher.let_go()
    await closing
    assert around.committed == [1, 2]


async def test_a_lane_that_was_never_open_closes():
    around = Around(start=None)
    await around.lane.close()
    assert around.publisher.begun == []


# Failing


@pytest.mark.parametrize("begun", ["offer", "nudge"])
async def test_what_fails_in_publishing_ends_the_process(around, begun):
    around.publisher.hold()
    around.stage.when_idle = [changing(0, k=b"v")]
    around.lane.offer(a_slice(0, 5)) if begun == "offer" else around.lane.nudge(None)
    await settled()
    error = OSError("the broker is gone")
    await around.publisher.let_one_go(error)
    assert around.failures.seen == [("could not process input-3", error)]
    assert around.shown() is None


async def test_what_fails_in_a_stage_ends_the_process(around):
    error = ValueError("a bug of the stage")

    def decide(slice_: Slice) -> Iterator[Step]:
        yield changing(1, k=b"v")
        raise error

    around.stage.decide = decide
    around.lane.offer(a_slice(0, 5))
    await settled()
    assert [exc for _, exc in around.failures.seen] == [error]
    assert around.committed == [1]


async def test_what_fails_in_committing_the_last_offset_ends_the_process(around):
    around.stage.decide = lambda slice_: [Step((), {}, slice_.end)]
    around.publisher.hold()
    around.lane.offer(a_slice(0, 5))
    await settled()
    closing = asyncio.create_task(around.lane.close())
    await settled()
    error = OSError("fenced")
    await around.publisher.let_one_go(error)
    await asyncio.wait({closing})
    assert [exc for _, exc in around.failures.seen] == [error]


# All of it together

STEPS = st.lists(st.one_of(st.integers(1, 7), st.sampled_from(["nudge", "let go", "turn"])), max_size=60)


@given(steps=STEPS, parts=st.integers(1, 3), foreign=st.integers(1, 4))
def test_every_record_is_decided_once_and_in_order_whatever_happens(steps, parts, foreign):
    async def live() -> None:
        around = Around()
        around.publisher.hold()

        def decide(slice_: Slice) -> Iterator[Step]:
            assert len(slice_.records) <= LIMIT
            bounds = sorted({slice_.end - (slice_.end - slice_.start) * n // parts for n in range(parts)})
            for end in bounds:
                yield Step((), {}, end) if end % foreign else changing(end, at=b"%d" % end)

        around.stage.decide = decide
        end = 0
        for step in steps:
            if step == "nudge":
                around.lane.nudge(end)
            elif step == "let go":
                if around.publisher._until is not None:
                    await around.publisher.let_one_go()
            elif step == "turn":
                await settled(3)
            else:
                around.lane.offer(a_slice(end, end + step))
                end += step
        around.publisher._held = False
        await around.publisher.let_go()
        await settled(300)
        await around.lane.close()
        decided = [record.offset for slice_ in around.stage.slices for record in slice_.records]
        assert decided == list(range(end))
        assert all(before == start for (_, before), (start, _) in pairwise([(0, 0), *around.stage.bounds]))
        assert around.committed == sorted(set(around.committed))
        assert around.committed[-1:] == ([end] if end else [])
        assert around.failures.seen == []

    asyncio.run(live())
