"""Beats: what all lanes have goes out in one transaction, one after the other, and no lane waits for long."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.engine import Message, Slice, Step
from correlator.engine import beats as module
from correlator.engine.beats import GIVE_WAY_AFTER, MAX_BYTES, MAX_COLLECTING, MAX_ENTRIES, YIELD_AFTER, Beats
from correlator.engine.lane import Lane
from correlator.engine.slices import TopicPartition
from tests.engine.fakes import (
    CHANGELOG,
    MEMBER,
    Clock,
    Failures,
    Producer,
    Stage,
    Table,
    a_message,
    a_slice,
    changing,
    settled,
)

LIMIT = 10
APART = 0.025


def empty(end: int) -> Step:
    """A step of which nothing is to be published."""
    return Step((), {}, end)


class Around:
    """Some lanes of one topic, each with a stage of its own; the last ``plain`` ones have no table."""

    def __init__(self, lanes: int = 3, *, plain: int = 0, apart: float = 0.0) -> None:
        self.tps = [TopicPartition("input", partition) for partition in range(lanes)]
        self.stages = [Stage() for _ in self.tps]
        self.table, self.producer, self.failures = Table(), Producer(), Failures()
        tables: list[Any] = [self.table] * (lanes - plain) + [None] * plain
        self.lanes = [Lane(*parts, limit=LIMIT) for parts in zip(self.tps, self.stages, tables, strict=True)]
        self.apart = apart
        self.beats: Any = None

    async def open(self, start: int = 0) -> None:
        for lane in self.lanes:
            lane.open(start)
        self.beats = Beats(self.lanes, self.producer, MEMBER, apart=self.apart, fail=self.failures)
        self.beats.want()
        await settled()

    def offer(self, partition: int, start: int, end: int) -> None:
        self.lanes[partition].offer(a_slice(start, end, of=self.tps[partition]))
        self.beats.want()

    def nudge(self, *partitions: int) -> None:
        for partition in partitions:
            self.lanes[partition].nudge(None)
        self.beats.want(settle=True)

    def decide(self, decide: Callable[[Slice], Iterable[Step]]) -> None:
        for stage in self.stages:
            stage.decide = decide

    @property
    def ends(self) -> list[dict[int, int]]:
        """The offsets that each beat committed, by partition."""
        return [{tp.partition: end for tp, end in beat.ends.items()} for beat in self.producer.committed]

    def shown(self, partition: int, key: bytes = b"k") -> bytes | None:
        return self.table.get_committed(partition, key)


@pytest.fixture
async def around() -> Around:
    around = Around()
    await around.open()
    return around


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch, module)


# One transaction for all


async def test_what_all_lanes_have_goes_out_in_one_commit():
    around = Around(3, plain=1)
    for number, stage in enumerate(around.stages):
        stage.decide = lambda slice_, n=number: [
            Step([a_message(b"%d" % n)], {b"k": b"%d" % n} if n < 2 else {}, slice_.end)
        ]
    await around.open()
    for partition in range(3):
        around.offer(partition, 0, 5 + partition)
    await settled()
    (beat,) = around.producer.committed
    assert [message.value for message in beat.messages] == [b"0", b"1", b"2"]
    assert beat.changes == {TopicPartition(CHANGELOG, n): {b"k": b"%d" % n} for n in (0, 1)}
    assert beat.ends == {("input", 0): 5, ("input", 1): 6, ("input", 2): 7}
    assert beat.membership == MEMBER
    assert [lane.done for lane in around.lanes] == [5, 6, 7]
    assert around.failures.seen == []


async def test_lanes_that_have_nothing_take_no_part(around):
    around.offer(1, 0, 5)
    await settled()
    assert around.ends == [{1: 5}]


async def test_what_comes_meanwhile_goes_into_the_next_one(around):
    around.producer.hold()
    around.offer(0, 0, 2)
    await settled()
    for partition, start in [(0, 2), (1, 0), (1, 2), (2, 0)]:
        around.offer(partition, start, start + 2)
        await settled()
    assert len(around.producer.begun) == 1, "one at a time"
    await around.producer.let_go()
    await settled()
    assert around.ends == [{0: 2}, {0: 4, 1: 4, 2: 2}]


async def test_every_lane_that_takes_part_sends_its_offset_moved_or_not(around):
    """Without it, nothing is fenced: what is due by time is committed in the name of the member, too."""
    around.stages[0].when_idle = [changing(0, k=b"of time")]
    around.offer(1, 0, 2)
    around.nudge(0, 2)
    await settled()
    assert around.ends == [{0: 0, 1: 2}]
    around.nudge(0)
    await settled()
    assert around.ends[1:] == [{0: 0}]


async def test_tables_take_changes_after_the_commit_with_the_offset_of_their_own_last_one(around):
    around.producer.last = {TopicPartition(CHANGELOG, 0): 20, TopicPartition(CHANGELOG, 1): 30}
    around.stages[1].decide = lambda slice_: [changing(slice_.end, k=b"v", l=b"w")]
    around.producer.hold()
    around.offer(0, 0, 5)
    around.offer(1, 0, 5)
    await settled()
    assert [around.shown(partition) for partition in (0, 1)] == [None, None]
    await around.producer.let_go()
    assert [around.shown(partition) for partition in (0, 1)] == [b"v", b"v"]
    assert [around.table.store.offset(partition) for partition in (0, 1, 2)] == [21, 32, None]


async def test_a_table_keeps_its_offset_where_its_lane_changed_nothing(around):
    around.decide(lambda slice_: [changing(slice_.end, **({"k": b"v"} if slice_.start == 0 else {}))])
    around.offer(0, 0, 5)
    await settled()
    around.offer(0, 5, 6)
    around.offer(1, 0, 1)
    await settled()
    assert around.table.store.offset(0) == 100


async def test_a_lane_s_next_step_is_not_made_before_its_last_is_committed(around):
    computed = []

    def decide(slice_: Slice) -> Iterator[Step]:
        for n in range(3):
            computed.append((n, around.shown(0)))
            yield changing(slice_.start + n + 1, k=b"%d" % n)

    around.stages[0].decide = decide
    around.producer.hold()
    around.offer(0, 0, 3)
    await settled()
    for begun in range(1, 4):
        assert computed == [(n, b"%d" % (n - 1) if n else None) for n in range(begun)]
        await around.producer.let_one_go()
    assert around.ends == [{0: 1}, {0: 2}, {0: 3}]


async def test_a_lane_with_many_steps_brings_one_to_each_beat(around):
    around.decide(lambda slice_: [changing(end + 1, k=b"v") for end in range(slice_.start, slice_.end)])
    around.offer(0, 0, 3)
    around.offer(1, 0, 1)
    await settled(60)
    assert around.ends == [{0: 1, 1: 1}, {0: 2}, {0: 3}]


# Nothing to publish


async def test_where_nothing_waits_nothing_is_committed(around):
    around.beats.want()
    await settled()
    around.nudge(0, 1, 2)
    await settled()
    await around.beats.close()
    assert around.producer.begun == []


async def test_empty_steps_are_done_at_once_and_cost_no_transaction(around):
    around.decide(lambda slice_: [empty(end + 1) for end in range(slice_.start, slice_.end)])
    for start in range(0, 20, 2):
        around.offer(0, start, start + 2)
        await settled()
        assert (around.lanes[0].done, around.producer.begun) == (start + 2, [])


@pytest.mark.parametrize("with_", ["the next beat", "a nudge", "closing"])
async def test_owed_offsets_go_with(around, with_):
    around.decide(lambda slice_: [empty(slice_.end)])
    around.offer(0, 0, 5)
    around.offer(1, 0, 3)
    await settled()
    assert around.producer.begun == []
    around.stages[2].decide = lambda slice_: [changing(slice_.end, k=b"v")]
    match with_:
        case "the next beat":
            around.offer(2, 0, 1)
        case "a nudge":
            around.nudge(2)
        case "closing":
            await around.beats.close()
    await settled()
    assert around.ends == [{0: 5, 1: 3} | ({2: 1} if with_ == "the next beat" else {})]
    around.nudge(0, 1, 2)
    await settled()
    assert len(around.ends) == 1, "they are owed no more"


async def test_a_step_carries_the_offsets_of_empty_ones_around_it(around):
    around.stages[0].decide = lambda slice_: [empty(3), changing(4, k=b"v"), empty(5)]
    around.offer(0, 0, 5)
    await settled()
    assert around.ends == [{0: 4}]
    assert around.lanes[0].done == 5
    await around.beats.close()
    assert around.ends == [{0: 4}, {0: 5}]


async def test_an_offset_that_moved_while_an_owed_one_was_sent_is_still_owed(around):
    around.decide(lambda slice_: [empty(slice_.end)])
    around.producer.hold()
    around.offer(0, 0, 5)
    around.nudge()
    await settled()
    around.offer(0, 5, 8)
    await around.producer.let_go()
    await settled()
    await around.beats.close()
    assert around.ends == [{0: 5}, {0: 8}]


# Beginning


async def test_what_stages_yield_at_first_is_done_before_anything_is_offered():
    around = Around(2)
    around.stages[0].at_first = [empty(7), changing(7, k=b"1"), changing(7, k=b"2")]
    await around.open(7)
    await settled()
    assert around.ends == [{0: 7}, {0: 7}]
    assert around.shown(0) == b"2"


# Time


async def test_transactions_begin_apart_and_the_first_after_a_silence_at_once(clock):
    around = Around(2, apart=APART)
    await around.open()
    around.offer(0, 0, 1)
    await settled()
    assert around.ends == [{0: 1}], "at once"
    around.offer(0, 1, 2)
    await clock.go_on(APART * 0.9)
    around.offer(1, 0, 1)
    await settled()
    assert around.ends == [{0: 1}]
    await clock.go_on(APART * 0.1)
    assert around.ends == [{0: 1}, {0: 2, 1: 1}]
    await clock.go_on(APART)
    around.offer(0, 2, 3)
    await settled()
    assert around.ends[2:] == [{0: 3}], "at once"


async def test_time_is_counted_from_where_a_transaction_began(clock):
    around = Around(1, apart=APART)
    await around.open()
    around.producer.hold()
    around.offer(0, 0, 1)
    await settled()
    around.offer(0, 1, 2)
    await clock.go_on(APART)
    await around.producer.let_go()
    await settled()
    assert around.ends == [{0: 1}, {0: 2}]


async def test_what_was_not_published_delays_nothing(clock):
    around = Around(2, apart=APART)
    around.stages[0].decide = lambda slice_: [empty(slice_.end)]
    await around.open()
    around.offer(0, 0, 5)
    await settled()
    around.offer(1, 0, 5)
    await settled()
    assert around.ends == [{0: 5, 1: 5}]


# No lane waits for long


async def test_a_full_beat_takes_no_more_lanes_and_the_others_are_the_first_in_the_next():
    around = Around(4)
    half = [a_message()] * (MAX_ENTRIES // 2)
    around.decide(lambda slice_: [Step(half, {}, end + 1) for end in range(slice_.start, slice_.end)])
    await around.open()
    around.producer.hold()
    for partition in range(4):
        around.offer(partition, 0, 2)
    await settled()
    await around.producer.let_go()
    await settled(60)
    assert around.ends == [{0: 1, 1: 1}, {2: 1, 3: 1}, {0: 2, 1: 2}, {2: 2, 3: 2}]


async def test_changes_fill_a_beat_as_messages_do():
    around = Around(3)
    many = {b"%d" % n: b"v" for n in range(MAX_ENTRIES)}
    around.decide(lambda slice_: [Step((), many, slice_.end)])
    await around.open()
    for partition in range(3):
        around.offer(partition, 0, 1)
    await settled(60)
    assert around.ends == [{0: 1}, {1: 1}, {2: 1}]


async def test_so_do_bytes():
    """A broker refuses a request that is larger than ``socket.request.max.bytes``, 100 MiB by default."""
    around = Around(5)
    half, gone = a_message(bytes(MAX_BYTES // 2)), a_message()._replace(value=None)
    around.decide(lambda slice_: [Step([half, gone], {}, slice_.end)])
    await around.open()
    for partition in range(5):
        around.offer(partition, 0, 1)
    await settled(60)
    assert around.ends == [{0: 1, 1: 1}, {2: 1, 3: 1}, {4: 1}]


async def test_a_long_beat_takes_no_more_lanes_and_the_others_are_the_first_in_the_next(clock):
    around = Around(3)

    def decide(slice_: Slice) -> Iterator[Step]:
        for end in range(slice_.start, slice_.end):
            clock.now += MAX_COLLECTING * 0.6
            yield changing(end + 1, k=b"v")

    around.decide(decide)
    await around.open()
    for partition in range(3):
        around.offer(partition, 0, 2)
    await settled(100)
    assert around.ends == [{0: 1, 1: 1}, {0: 2, 2: 1}, {1: 2, 2: 2}]


async def test_others_have_the_event_loop_between_lanes(clock):
    """Else nothing is read meanwhile, and the group hears nothing."""
    around = Around(5)
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    at = []

    def decide(slice_: Slice) -> Iterator[Step]:
        at.append(turns)
        clock.now += YIELD_AFTER * 1.1
        yield changing(slice_.end, k=b"v")

    around.decide(decide)
    await around.open()
    for partition in range(5):
        around.offer(partition, 0, 1)
    other = asyncio.create_task(others())
    await settled()
    other.cancel()
    assert around.ends == [dict.fromkeys(range(5), 1)]
    assert all(before < after for before, after in pairwise(at))


async def test_a_lane_that_loads_does_not_hold_up_the_others(clock):
    around = Around(3)

    def load() -> Iterator[Step]:
        for _ in range(5000):
            clock.now += GIVE_WAY_AFTER / 20
            yield empty(0)

    around.stages[0].at_first = load()
    await around.open()
    waited = []
    for start in range(20):
        around.offer(1, start, start + 1)
        since = clock.now
        while around.lanes[1].done == start:
            await asyncio.sleep(0)
        waited.append(clock.now - since)
    assert max(waited) < 3 * GIVE_WAY_AFTER
    assert 0 < around.lanes[0].steps < 5000, "it loads meanwhile"
    while around.lanes[0].has_more:
        await asyncio.sleep(0)
    assert around.lanes[0].steps == 5000


async def test_lanes_that_load_take_turns(clock):
    around = Around(20)

    def load() -> Iterator[Step]:
        for _ in range(100):
            clock.now += GIVE_WAY_AFTER / 10
            yield empty(0)

    for stage in around.stages:
        stage.at_first = load()
    await around.open()
    seen = []
    while any(lane.has_more for lane in around.lanes):
        seen.append([lane.steps for lane in around.lanes])
        await asyncio.sleep(0)
    assert all(max(steps) - min(steps) <= 11 for steps in seen)
    assert [lane.steps for lane in around.lanes] == [100] * 20


# Closing


async def test_closing_finishes_the_beat_in_hand_and_then_revokes(around):
    around.producer.hold()
    around.offer(0, 0, 2)
    await settled()
    closing = asyncio.create_task(around.beats.close())
    await settled()
    assert not closing.done()
    assert not any("revoked" in call for stage in around.stages for call in stage.calls)
    await around.producer.let_one_go()
    await closing
    assert around.ends == [{0: 2}]
    assert [stage.calls[-1] for stage in around.stages] == ["revoked 0", "revoked 1", "revoked 2"]


async def test_what_is_owed_is_committed_before_anything_is_revoked(around):
    around.decide(lambda slice_: [empty(slice_.end)])
    around.offer(1, 0, 5)
    await settled()
    around.producer.hold()
    closing = asyncio.create_task(around.beats.close())
    await settled()
    assert len(around.producer.begun) == 1
    assert not any("revoked" in call for stage in around.stages for call in stage.calls)
    await around.producer.let_one_go()
    await closing
    assert around.stages[1].calls[-1] == "revoked 1"


async def test_what_was_owed_before_the_beat_in_hand_began_goes_with_it(around):
    around.stages[1].decide = lambda slice_: [empty(slice_.end)]
    around.offer(1, 0, 5)
    await settled()
    around.producer.hold()
    around.offer(0, 0, 2)
    await settled()
    closing = asyncio.create_task(around.beats.close())
    await settled()
    await around.producer.let_go()
    await closing
    assert around.ends == [{0: 2, 1: 5}]


async def test_nothing_begins_after_closing(around):
    around.producer.hold()
    around.offer(0, 0, 2)
    await settled()
    around.offer(0, 2, 4)
    around.offer(1, 0, 4)
    closing = asyncio.create_task(around.beats.close())
    await settled()
    around.nudge(2)
    await around.producer.let_go()
    await closing
    around.beats.want(settle=True)
    await settled()
    assert around.ends == [{0: 2}]
    assert around.stages[0].bounds == [(0, 2)]
    assert around.stages[1].bounds == around.stages[2].bounds == []


async def test_closing_before_a_slice_has_begun_leaves_it_to_the_next_owner(around):
    around.offer(0, 0, 2)
    await around.beats.close()
    assert around.producer.begun == []
    assert around.stages[0].calls[-1] == "revoked 0"


async def test_closing_does_not_wait_for_lanes_that_load(clock):
    around = Around(2)

    def load() -> Iterator[Step]:
        while True:
            clock.now += GIVE_WAY_AFTER / 10
            yield empty(0)

    around.stages[0].at_first = load()
    await around.open()
    await around.beats.close()
    assert around.stages[0].calls[-1] == "revoked 0"


async def test_idle_beats_close(around):
    await around.beats.close()
    assert around.producer.begun == []
    assert [stage.calls[-1] for stage in around.stages] == ["revoked 0", "revoked 1", "revoked 2"]


# Failing


@pytest.mark.parametrize("begun_by", ["a slice", "a nudge", "owed offsets", "closing"])
async def test_any_error_of_the_producer_ends_the_process(around, begun_by):
    around.producer.hold()
    around.stages[0].when_idle = [changing(0, k=b"v")]
    around.stages[1].decide = lambda slice_: [empty(slice_.end)]
    closing = None
    match begun_by:
        case "a slice":
            around.offer(0, 0, 5)
        case "a nudge":
            around.nudge(0)
        case "owed offsets":
            around.offer(1, 0, 5)
            around.nudge()
        case "closing":
            around.offer(1, 0, 5)
            await settled()
            closing = asyncio.create_task(around.beats.close())
    await settled()
    error = OSError("the broker is gone")
    await around.producer.let_one_go(error)
    assert around.failures.seen == [("could not commit what was processed", error)]
    assert around.shown(0) is None
    if closing is None:
        around.offer(2, 0, 5)
        await settled()
        assert len(around.producer.begun) == 1, "nothing goes on"
        closing = asyncio.create_task(around.beats.close())
    await closing
    assert len(around.failures.seen) == 1


async def test_what_fails_in_a_stage_ends_the_process(around):
    error = ValueError("a bug of the stage")

    def decide(slice_: Slice) -> Iterator[Step]:
        yield changing(1, k=b"v")
        raise error

    around.stages[0].decide = decide
    around.offer(0, 0, 5)
    await settled()
    assert around.failures.seen == [("could not process input-0", error)]
    assert around.ends == [{0: 1}]


# All of it together

LANES = 3
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("offer"), st.integers(0, LANES - 1), st.integers(1, 7)),
        st.tuples(st.just("nudge"), st.sets(st.integers(0, LANES - 1)), st.none()),
        st.tuples(st.sampled_from(["commit", "turn"]), st.none(), st.none()),
    ),
    max_size=60,
)


@given(events=EVENTS, parts=st.integers(1, 3), foreign=st.integers(1, 4))
def test_what_is_committed_is_what_was_made_of_what_was_offered_in_order_and_once(events, parts, foreign):
    """Of a part of a slice whose end is a multiple of ``foreign``, something is published, and of time; of the other
    parts nothing.
    """

    async def live() -> None:
        around = Around(LANES)
        made = [list[Message]() for _ in range(LANES)]

        def result(partition: int, end: int) -> Step:
            assert around.shown(partition, b"made") == (b"%d" % len(made[partition]) if made[partition] else None)
            made[partition].append(Message("output", partition, b"%d" % len(made[partition]), b"%d" % end, []))
            return Step(made[partition][-1:], {b"made": b"%d" % len(made[partition])}, end)

        def decide(slice_: Slice) -> Iterator[Step]:
            for end in sorted({slice_.end - (slice_.end - slice_.start) * n // parts for n in range(parts)}):
                yield empty(end) if end % foreign else result(slice_.partition, end)

        def idle(partition: int, end: int, *, caught_up: bool) -> Iterator[Step]:
            yield result(partition, end)

        around.decide(decide)
        for stage in around.stages:
            stage.idle = idle  # type: ignore[method-assign]
        await around.open()
        around.producer.hold()
        offered = [0] * LANES
        for what, which, many in events:
            if what == "offer":
                around.offer(which, offered[which], offered[which] + many)
                offered[which] += many
            elif what == "nudge":
                around.nudge(*which)
            elif what == "commit" and around.producer.is_busy:
                await around.producer.let_one_go()
            else:
                await settled(3)
        await around.producer.let_go()
        while any(lane.has_more for lane in around.lanes):
            await settled()
        await around.beats.close()
        assert around.failures.seen == []

        reached = [0] * LANES
        for beat in around.producer.committed:
            assert all(end >= reached[tp.partition] for tp, end in beat.ends.items()), "offsets do not go back"
            for tp, end in beat.ends.items():
                reached[tp.partition] = end
            for message in beat.messages:
                assert beat.ends["input", message.partition] == int(message.value or b"")
        assert reached == offered
        for partition, stage in enumerate(around.stages):
            decided = [record.offset for slice_ in stage.slices for record in slice_.records]
            assert decided == list(range(offered[partition]))
            published = [message for beat in around.producer.committed for message in beat.messages]
            assert [message for message in published if message.partition == partition] == made[partition]
            changelog = TopicPartition(CHANGELOG, partition)
            assert around.table.store.offset(partition) == around.producer.last.get(changelog)

    asyncio.run(live())
