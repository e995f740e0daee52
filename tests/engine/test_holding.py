"""A holding: partitions are taken over in order, nothing is read before that is done, and they are let go in order."""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from correlator.engine import Slice
from correlator.engine.holding import Holding
from correlator.engine.kafka import Extent, Fetched
from correlator.engine.lane import NotRecovered
from correlator.engine.progress import Progress, Sign, Standstill
from correlator.engine.slices import TopicPartition
from tests.engine.fakes import Brokers, Kafka, a_slice, settled

ONE, TWO = TopicPartition("input", 0), TopicPartition("input", 1)
CHANGELOG = TopicPartition("changelog", 0)


class Lane:
    """Writes down what it is told."""

    changelog: TopicPartition | None = None
    warning: str | None = None
    not_recovered: NotRecovered | None = None

    def __init__(self, tp: TopicPartition, said: list[Any]) -> None:
        self.input = self._tp = tp
        self._said = said
        self.has_room = True
        self.recovered: int | None = None
        self.done = self.steps = 0

    def reconcile(self, beginning: int, end: int) -> str | None:
        self._said.append(("reconcile", self._tp, beginning, end))
        return self.warning

    def require_recovered(self, beginning: int, end: int) -> None:
        self._said.append(("require recovered", self._tp, beginning, end))
        if self.not_recovered is not None:
            raise self.not_recovered

    def open(self, start: int) -> None:
        self._said.append(("open", self._tp, start))

    def offer(self, slice_: Slice) -> None:
        self._said.append(("offer", slice_))

    def nudge(self, end: int | None) -> None:
        self._said.append(("nudge", self._tp, end))


class Beats:
    """Writes down what it is told, too."""

    def __init__(self, lanes: Iterable[Lane], said: list[Any]) -> None:
        self._said = said
        self._said.append(("begin", *(lane.input for lane in lanes)))
        self.closing = asyncio.Event()
        self.closing.set()

    def want(self, *, settle: bool = False) -> None:
        self._said.append("settle" if settle else "want")

    async def close(self) -> None:
        self._said.append("close")
        await self.closing.wait()
        self._said.append("closed")


class Around:
    def __init__(self, *tps: TopicPartition, changelog: TopicPartition | None = None) -> None:
        """``changelog``: the second partition's."""
        self.said: list[Any] = []
        self.lanes = {tp: Lane(tp, self.said) for tp in tps}
        if changelog is not None:
            self.lanes[TWO].changelog = changelog
        self.kafka, self.brokers = Kafka(), Brokers()
        self.brokers.committed = {ONE: 5, TWO: 7}
        self.kafka.held[CHANGELOG] = Extent(3, 9)
        self.beats: Any = None
        self.ending = False
        """Whether it is looked for what dead workers have left open."""
        lanes: Any = self.lanes.values()
        brokers: Any = self.brokers
        self.holding = Holding(lanes, self.kafka, brokers, beats=self._begin, end_strangers=self._end_strangers)

    def _begin(self, lanes: Any) -> Any:
        self.beats = Beats(lanes, self.said)
        return self.beats

    async def _end_strangers(self) -> None:
        self.ending = True
        try:
            await asyncio.Event().wait()
        finally:
            self.ending = False

    async def open(self) -> None:
        await self.holding.take_over()
        await self.holding.seek()
        self.holding.open()


@pytest.fixture
async def around() -> Around:
    return Around(ONE, TWO)


@pytest.fixture
async def with_changelog() -> Around:
    """The second partition has a changelog."""
    return Around(ONE, TWO, changelog=CHANGELOG)


@pytest.fixture
async def opened(around: Around) -> Around:
    await around.open()
    return around


def reads(around: Around) -> Iterator[bool]:
    return (around.holding.reads(tp) for tp in (ONE, TWO))


# Taking over


async def test_tables_are_reconciled_with_their_changelogs(with_changelog, caplog):
    with_changelog.lanes[TWO].warning = "the head is gone"
    await with_changelog.holding.take_over()
    assert with_changelog.said == [("reconcile", TWO, 3, 9)]
    assert "the head is gone" in caplog.text


async def test_without_tables_there_is_nothing_to_reconcile(around):
    await around.holding.take_over()
    assert around.said == []


async def test_taking_over_does_not_wait_for_offsets_that_are_not_settled(around):
    """aiokafka sends no heartbeats meanwhile. Recovery goes on beside it, and only the seek waits."""
    around.brokers.settled.clear()
    await around.holding.take_over()
    seeking = asyncio.create_task(around.holding.seek())
    await settled()
    assert not seeking.done()
    assert (around.said, around.kafka.sought) == ([], {})
    around.brokers.settled.set()
    await seeking
    assert around.kafka.sought == {ONE: 5, TWO: 7}


async def test_offsets_that_cannot_be_had_are_told(around):
    around.brokers.refusal = OSError("not authorized")
    await around.holding.take_over()
    with pytest.raises(OSError, match="not authorized"):
        await around.holding.seek()
    assert around.beats is None


@pytest.mark.parametrize("until_", ["it is taken over", "it is sought", "it is opened", "it is shut"])
async def test_what_dead_workers_left_open_is_ended_until_all_is_given_up(around, until_):
    """A request of a killed process may arrive late, and hold up who reads what is published here."""
    await around.holding.take_over()
    if until_ != "it is taken over":
        await around.holding.seek()
    if until_ in {"it is opened", "it is shut"}:
        around.holding.open()
    if until_ == "it is shut":
        around.holding.shut()
    await settled()
    assert around.ending
    await around.holding.close()
    await settled()
    assert not around.ending


async def test_it_is_ended_no_more_while_the_last_beat_is_finished(opened):
    """From the revocation on, others look for it."""
    opened.beats.closing.clear()
    closing = asyncio.create_task(opened.holding.close())
    await settled()
    assert not opened.ending
    opened.beats.closing.set()
    await closing


async def test_no_lane_opens_before_every_table_is_recovered(with_changelog):
    with_changelog.lanes[TWO].not_recovered = error = NotRecovered("half of it")
    await with_changelog.holding.take_over()
    with pytest.raises(NotRecovered) as raised:
        await with_changelog.holding.seek()
    assert raised.value is error
    assert with_changelog.said[1:] == [("require recovered", TWO, 3, 9)]
    assert not with_changelog.holding.starts


async def test_a_table_must_reach_what_its_changelog_held_when_it_was_taken_over(with_changelog):
    """Asked for later, the end may lie behind what others committed before, or before what recovery has read."""
    await with_changelog.holding.take_over()
    with_changelog.kafka.held[CHANGELOG] = Extent(3, 99)
    await with_changelog.holding.seek()
    assert ("require recovered", TWO, 3, 9) in with_changelog.said


STARTS = [  # the committed offset and what the partition holds; where the reading begins
    (5, Extent(0, 10), 5),
    (10, Extent(0, 10), 10),
    (None, Extent(2, 10), 2),  # read for the first time
    (11, Extent(0, 10), 0),  # it was recreated
    (1, Extent(2, 10), 1),  # retention was faster: Kafka goes on with what is left
]


@pytest.mark.parametrize("committed, extent, start", STARTS)
async def test_reading_begins_at_the_committed_offset_or_at_the_beginning(around, committed, extent, start):
    around.brokers.committed[ONE], around.kafka.held[ONE] = committed, extent
    await around.holding.take_over()
    await around.holding.seek()
    assert around.holding.starts == around.kafka.sought == {ONE: start, TWO: 7}
    assert around.said == [("open", ONE, start), ("open", TWO, 7), ("begin", ONE, TWO), "want"]


async def test_an_input_that_was_recreated_is_told(around, caplog):
    around.kafka.held[TWO] = Extent(0, 6)
    await around.open()
    assert "input-1 ends before its committed offset, so it was recreated; reading it from the beginning" in caplog.text


@pytest.mark.parametrize("while_", ["offsets are not settled", "the positions are sought"])
async def test_a_seek_that_a_rebalance_overtakes_opens_nothing(around, while_):
    """And it ends as any other does: were it cancelled, Faust's recovery would end, and never come back."""
    sought = asyncio.Event()

    async def slowly(_: Any) -> None:
        await sought.wait()

    around.kafka.read_from = slowly
    if while_ == "offsets are not settled":
        around.brokers.settled.clear()
    await around.holding.take_over()
    seeking = asyncio.create_task(around.holding.seek())
    await settled()
    assert not seeking.done()
    await around.holding.close()
    sought.set()
    await seeking
    assert around.said == []
    assert not around.holding.starts


@pytest.mark.parametrize("while_", ["nothing is taken over", "it is being taken over"])
async def test_a_seek_that_comes_early_does_nothing(around, while_):
    """Without tables, Faust seeks from a poll that finds the flow stopped, at whatever time that is."""
    answered, extents = asyncio.Event(), around.kafka.extents

    async def slowly(*tps: TopicPartition) -> Any:
        await answered.wait()
        return await extents(*tps)

    around.kafka.extents = slowly
    taking_over = None
    if while_ == "it is being taken over":
        taking_over = asyncio.create_task(around.holding.take_over())
        await settled()
    await around.holding.seek()
    assert (around.said, around.kafka.sought) == ([], {})
    if taking_over is not None:
        answered.set()
        await taking_over
        await around.holding.seek()
        assert around.said[-1] == "want"


async def test_lanes_are_opened_once_however_often_they_are_sought(around):
    """Two that publish the same lanes would commit all of it twice."""
    await around.holding.take_over()
    await asyncio.gather(around.holding.seek(), around.holding.seek())
    await around.holding.seek()
    assert around.said == [("open", ONE, 5), ("open", TWO, 7), ("begin", ONE, TWO), "want"]


async def test_nothing_is_read_before_it_is_sought(around):
    await around.holding.take_over()
    assert not any(reads(around))
    around.holding.open()  # Faust resumes the flow while it recovers, too
    assert not any(reads(around))
    assert not around.holding.is_open


async def test_nothing_is_read_before_it_is_opened(around):
    await around.holding.take_over()
    await around.holding.seek()
    assert not any(reads(around))
    around.holding.open()
    assert all(reads(around))


async def test_a_holding_of_nothing_does_nothing():
    around = Around()
    await around.open()
    around.holding.nudge()
    assert not around.ending
    assert not around.holding.full
    assert around.holding.signs() == {}
    await around.holding.close()
    assert around.said == []


# Reading


async def test_a_partition_that_is_not_held_is_not_read(opened):
    assert not opened.holding.reads(TopicPartition("input", 2))
    assert not opened.holding.reads(TopicPartition("other", 0))


async def test_a_lane_without_room_is_not_read(opened):
    assert not opened.holding.full
    opened.lanes[TWO].has_room = False
    assert list(reads(opened)) == [True, False]
    assert opened.holding.full


async def test_slices_go_to_their_lanes_and_then_a_beat_is_wanted(opened):
    one, two = a_slice(5, 6, of=ONE), a_slice(7, 9, of=TWO)
    opened.holding.offer([one, two])
    assert opened.said[-3:] == [("offer", one), ("offer", two), "want"]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_slice_is_not_taken_while_nothing_is_read(around, when):
    await around.holding.take_over()
    if when == "after":
        await around.holding.seek()
        around.holding.open()
        around.holding.shut()
    before = list(around.said)
    around.holding.offer([a_slice(7, 9, of=TWO)])
    assert around.said == before


async def test_time_goes_by_for_what_is_open_and_settles_what_is_owed(around):
    around.kafka.last = {ONE: Fetched(50)}
    around.holding.nudge()
    assert around.said == []
    await around.open()
    around.holding.nudge()
    assert around.said[-3:] == [("nudge", ONE, 50), ("nudge", TWO, None), "settle"]
    around.holding.shut()
    before = list(around.said)
    around.holding.nudge()
    assert around.said == before


# Letting go


async def test_shutting_ends_the_reading_at_once(opened):
    opened.holding.shut()
    assert not any(reads(opened))


async def test_closing_ends_the_reading_and_then_what_is_published(opened):
    opened.beats.closing.clear()  # it publishes
    closing = asyncio.create_task(opened.holding.close())
    await settled()
    assert opened.holding.is_closed
    assert not any(reads(opened))
    assert opened.said[-1] == "close"
    assert not closing.done()
    opened.beats.closing.set()
    await closing
    assert opened.said[-1] == "closed"


@pytest.mark.parametrize("taken_over", [False, True])
async def test_what_was_never_sought_closes(around, taken_over):
    around.brokers.settled.clear()
    if taken_over:
        await around.holding.take_over()
    await around.holding.close()
    assert around.said == []


# What can be seen of it


async def test_taking_over_stands_still_only_where_no_partition_recovers(around):
    """One that has no table, or was recovered early, waits for the others for as long as they take."""
    progress = Progress(interval=1.0)
    for second in range(100):
        around.lanes[ONE].recovered = second
        progress.look(around.holding.signs(), float(second))
    assert progress.standstill.seconds == 0
    for second in range(100, 110):
        progress.look(around.holding.signs(), float(second))
    assert progress.standstill == Standstill("taking over", 10.0)


@pytest.mark.parametrize(
    "done, fetched, has_room, resting",
    [
        (5, Fetched(), True, (False, False)),  # nobody knows yet how much there is
        (5, Fetched(8, 8, 100), True, (False, False)),
        (8, Fetched(8, 8, 100), True, (True, False)),  # nothing to do, but Kafka must answer
        (8, Fetched(8, 9, 100), True, (True, False)),  # what nobody committed cannot be done
        (9, Fetched(8, 8, 100), True, (True, False)),
        (5, Fetched(8, 8, 100), False, (False, True)),  # nothing is fetched while the lane is full
    ],
)
async def test_progress_shows_by_what_is_decided_and_by_answers(opened, done, fetched, has_room, resting):
    lane = opened.lanes[ONE]
    lane.done, lane.steps, lane.has_room = done, 17, has_room
    opened.kafka.last[ONE] = fetched
    signs = opened.holding.signs()
    assert signs["input-0"] == Sign(17, resting[0])
    assert signs["Kafka's answers about input-0"] == Sign(fetched.at, resting[1])


@pytest.mark.parametrize(
    "fetched, lags, uncommitted",
    [
        (Fetched(), {}, {}),
        (Fetched(8, None), {ONE: 3}, {}),
        (Fetched(8, 8), {ONE: 3}, {ONE: 0}),
        (Fetched(8, 20), {ONE: 3}, {ONE: 12}),
        (Fetched(4, 4), {ONE: 0}, {ONE: 0}),  # the fetch is older than what is done
    ],
)
async def test_what_is_still_to_be_done_and_what_cannot_be_read_yet(opened, fetched, lags, uncommitted):
    opened.lanes[ONE].done = 5
    opened.kafka.last[ONE] = fetched
    assert opened.holding.lags() == lags
    assert opened.holding.uncommitted() == uncommitted
    opened.holding.shut()
    assert opened.holding.lags() == opened.holding.uncommitted() == {}
