"""A holding: partitions are taken over in order, nothing is read before that is done, and they are let go in order."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from correlator.engine import Slice
from correlator.engine.holding import Holding
from correlator.engine.kafka import Extent, Fetched
from correlator.engine.lane import NotRecovered
from correlator.engine.progress import Progress, Sign, Standstill
from correlator.engine.slices import TopicPartition
from tests.engine.fakes import Kafka, a_slice, settled

ONE, TWO = TopicPartition("input", 0), TopicPartition("input", 1)
CHANGELOG = TopicPartition("changelog", 0)


class Lane:
    """Writes down what it is told."""

    changelog: TopicPartition | None = None
    warning: str | None = None
    not_recovered: NotRecovered | None = None

    def __init__(self, tp: TopicPartition, said: list[Any]) -> None:
        self._tp, self._said = tp, said
        self.has_room = True
        self.recovered: int | None = None
        self.done = self.steps = 0
        self.closing = asyncio.Event()
        self.closing.set()

    async def fence(self) -> None:
        self._said.append(("fence", self._tp))

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

    async def close(self) -> None:
        self._said.append(("close", self._tp))
        await self.closing.wait()
        self._said.append(("closed", self._tp))


class Around:
    def __init__(self, *tps: TopicPartition) -> None:
        self.said: list[Any] = []
        self.lanes = {tp: Lane(tp, self.said) for tp in tps}
        self.kafka = Kafka()
        self.kafka.committed = {ONE: 5, TWO: 7}
        self.holding = Holding(self.lanes, self.kafka)

    async def open(self) -> None:
        await self.holding.seek()
        self.holding.open()


@pytest.fixture
async def around() -> Around:
    return Around(ONE, TWO)


@pytest.fixture
async def opened(around: Around) -> Around:
    await around.open()
    return around


def reads(around: Around) -> Iterator[bool]:
    return (around.holding.reads(tp) for tp in (ONE, TWO))


# Taking over


async def test_the_owner_of_every_partition_is_fenced(around):
    await around.holding.fence()
    assert around.said == [("fence", ONE), ("fence", TWO)]


async def test_an_owner_who_cannot_be_fenced_is_told(around):
    async def refuse() -> None:
        raise OSError("no broker")

    around.lanes[TWO].fence = refuse
    with pytest.raises(OSError, match="no broker"):
        await around.holding.fence()


@pytest.fixture
def with_changelog(around: Around) -> Around:
    """The second partition has a changelog."""
    around.lanes[TWO].changelog = CHANGELOG
    around.holding = Holding(around.lanes, around.kafka)
    around.kafka.held[CHANGELOG] = Extent(3, 9)
    return around


async def test_tables_are_reconciled_with_their_changelogs(with_changelog, caplog):
    with_changelog.lanes[TWO].warning = "the head is gone"
    await with_changelog.holding.reconcile()
    assert with_changelog.said == [("reconcile", TWO, 3, 9)]
    assert "the head is gone" in caplog.text


async def test_without_tables_there_is_nothing_to_reconcile(around):
    await around.holding.reconcile()
    assert around.said == []


async def test_no_lane_opens_before_every_table_is_recovered(with_changelog):
    with_changelog.lanes[TWO].not_recovered = error = NotRecovered("half of it")
    with pytest.raises(NotRecovered) as raised:
        await with_changelog.holding.seek()
    assert raised.value is error
    assert with_changelog.said == [("require recovered", TWO, 3, 9)]
    assert not with_changelog.holding.starts


STARTS = [  # the committed offset and what the partition holds; where the reading begins, and whether that is sought
    (5, Extent(0, 10), 5, False),
    (10, Extent(0, 10), 10, False),
    (None, Extent(2, 10), 2, True),  # read for the first time
    (11, Extent(0, 10), 0, True),  # it was recreated
    (1, Extent(2, 10), 1, False),  # retention was faster: Kafka goes on with what is left
]


@pytest.mark.parametrize("committed, extent, start, sought", STARTS)
async def test_reading_begins_at_the_committed_offset_or_at_the_beginning(around, committed, extent, start, sought):
    around.kafka.committed[ONE], around.kafka.held[ONE] = committed, extent
    await around.holding.seek()
    assert around.said == [("open", ONE, start), ("open", TWO, 7)]
    assert around.holding.starts == {ONE: start, TWO: 7}
    assert around.kafka.sought == ({ONE: start} if sought else {})


async def test_an_input_that_was_recreated_is_told(around, caplog):
    around.kafka.held[TWO] = Extent(0, 6)
    await around.holding.seek()
    assert "input-1 ends before its committed offset, so it was recreated; reading it from the beginning" in caplog.text


async def test_a_seek_that_a_rebalance_overtook_opens_nothing(around):
    sought = asyncio.Event()

    async def slowly(_: Any) -> None:
        await sought.wait()

    around.kafka.read_from = slowly
    seeking = asyncio.create_task(around.holding.seek())
    await settled()
    await around.holding.close()
    sought.set()
    await seeking
    assert ("open", ONE, 5) not in around.said
    assert not around.holding.starts


async def test_nothing_is_read_before_it_is_sought(around):
    assert not any(reads(around))
    around.holding.open()  # Faust resumes the flow while it recovers, too
    assert not any(reads(around))
    assert not around.holding.is_open


async def test_nothing_is_read_before_it_is_opened(around):
    await around.holding.seek()
    assert not any(reads(around))
    around.holding.open()
    assert all(reads(around))


async def test_a_holding_of_nothing_does_nothing():
    around = Around()
    await around.holding.fence()
    await around.holding.reconcile()
    await around.open()
    around.holding.nudge()
    assert not around.holding.full
    assert around.holding.signs() == {}
    await around.holding.close()


# Reading


async def test_a_partition_that_is_not_held_is_not_read(opened):
    assert not opened.holding.reads(TopicPartition("input", 2))
    assert not opened.holding.reads(TopicPartition("other", 0))


async def test_a_lane_without_room_is_not_read(opened):
    assert not opened.holding.full
    opened.lanes[TWO].has_room = False
    assert list(reads(opened)) == [True, False]
    assert opened.holding.full


async def test_a_slice_goes_to_its_lane(opened):
    slice_ = a_slice(7, 9, of=TWO)
    opened.holding.offer(slice_)
    assert opened.said[-1] == ("offer", slice_)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_slice_is_not_taken_while_closed(around, when):
    if when == "after":
        await around.open()
        around.holding.shut()
    before = list(around.said)
    around.holding.offer(a_slice(7, 9, of=TWO))
    assert around.said == before


async def test_time_goes_by_for_what_is_open(around):
    around.kafka.last = {ONE: Fetched(50)}
    around.holding.nudge()
    assert around.said == []
    await around.open()
    around.holding.nudge()
    assert around.said[-2:] == [("nudge", ONE, 50), ("nudge", TWO, None)]
    around.holding.shut()
    around.kafka.last = {ONE: Fetched(60)}
    around.holding.nudge()
    assert ("nudge", ONE, 60) not in around.said


# Letting go


async def test_shutting_ends_the_reading_at_once(opened):
    opened.holding.shut()
    assert not any(reads(opened))


async def test_closing_ends_the_reading_then_the_lanes(opened):
    opened.lanes[TWO].closing.clear()  # it publishes
    closing = asyncio.create_task(opened.holding.close())
    await settled()
    assert not any(reads(opened))
    assert ("closed", ONE) in opened.said
    assert not closing.done()
    opened.lanes[TWO].closing.set()
    await closing
    assert opened.said[-1] == ("closed", TWO)


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
