"""A holding: nothing is read before it is ours, taken over in order, and let go in order."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from correlator.engine import Slice
from correlator.engine.holding import Holding
from correlator.engine.progress import Progress, Sign, Standstill
from correlator.engine.slices import Seen, TopicPartition
from tests.engine.fakes import Publisher, a_slice, settled

ONE, TWO = TopicPartition("input", 0), TopicPartition("input", 1)


class Lane:
    """Writes down what it is told."""

    def __init__(self, tp: TopicPartition, said: list[Any]) -> None:
        self._tp, self._said = tp, said
        self.has_room = True
        self.recovered: int | None = None
        self.done = self.steps = 0
        self.closing = asyncio.Event()
        self.closing.set()

    def open(self, start: int) -> None:
        self._said.append(("open", self._tp, start))

    def offer(self, slice_: Slice) -> None:
        self._said.append(("offer", slice_))

    def nudge(self, highwater: int | None) -> None:
        self._said.append(("nudge", self._tp, highwater))

    async def close(self) -> None:
        self._said.append(("close", self._tp))
        await self.closing.wait()
        self._said.append(("closed", self._tp))


class Around:
    def __init__(self, *tps: TopicPartition) -> None:
        self.said: list[Any] = []
        self.lanes = {tp: Lane(tp, self.said) for tp in tps}
        self.publishers = [Publisher() for _ in tps]
        self.holding = Holding(self.lanes, self.publishers)


@pytest.fixture
async def around() -> Around:
    return Around(ONE, TWO)


def take_over(around: Around) -> None:
    around.holding.seek({ONE: 5, TWO: 7})
    around.holding.open()


def reads(around: Around) -> Iterator[bool]:
    return (around.holding.reads(tp) for tp in (ONE, TWO))


async def test_taking_over_starts_every_publisher(around):
    await around.holding.take_over()
    assert [publisher.calls for publisher in around.publishers] == [["start"], ["start"]]


async def test_a_publisher_that_does_not_start_is_told(around):
    async def refuse() -> None:
        raise OSError("no broker")

    around.publishers[1].start = refuse
    with pytest.raises(OSError, match="no broker"):
        await around.holding.take_over()


async def test_nothing_is_read_before_it_is_sought(around):
    assert not any(reads(around))
    around.holding.open()  # Faust resumes the flow while it recovers, too
    assert not any(reads(around))
    assert not around.holding.is_open


async def test_nothing_is_read_before_it_is_opened(around):
    around.holding.seek({ONE: 5, TWO: 7})
    assert not any(reads(around))
    around.holding.open()
    assert all(reads(around))


async def test_seeking_opens_every_lane_at_its_start(around):
    around.holding.seek({ONE: 5, TWO: 7})
    assert around.said == [("open", ONE, 5), ("open", TWO, 7)]
    assert around.holding.starts == {ONE: 5, TWO: 7}


async def test_a_partition_that_is_not_held_is_not_read(around):
    take_over(around)
    assert not around.holding.reads(TopicPartition("input", 2))
    assert not around.holding.reads(TopicPartition("other", 0))


async def test_a_lane_without_room_is_not_read(around):
    take_over(around)
    assert not around.holding.full
    around.lanes[TWO].has_room = False
    assert list(reads(around)) == [True, False]
    assert around.holding.full


async def test_a_slice_goes_to_its_lane(around):
    take_over(around)
    slice_ = a_slice(7, 9, of=TWO)
    around.holding.offer(slice_)
    assert around.said[-1] == ("offer", slice_)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_slice_is_not_taken_while_closed(around, when):
    if when == "after":
        take_over(around)
        around.holding.shut()
    before = list(around.said)
    around.holding.offer(a_slice(7, 9, of=TWO))
    assert around.said == before


async def test_time_goes_by_for_what_is_open(around):
    around.holding.nudge({ONE: Seen(50), TWO: Seen()}.__getitem__)
    assert around.said == []
    take_over(around)
    around.holding.nudge({ONE: Seen(50), TWO: Seen()}.__getitem__)
    assert around.said[-2:] == [("nudge", ONE, 50), ("nudge", TWO, None)]
    around.holding.shut()
    around.holding.nudge({ONE: Seen(60), TWO: Seen()}.__getitem__)
    assert ("nudge", ONE, 60) not in around.said


async def test_shutting_ends_the_reading_at_once(around):
    take_over(around)
    around.holding.shut()
    assert not any(reads(around))


async def test_closing_ends_the_reading_then_the_lanes_then_the_publishers(around):
    take_over(around)
    around.lanes[TWO].closing.clear()  # it publishes
    closing = asyncio.create_task(around.holding.close())
    await settled()
    assert not any(reads(around))
    assert around.said[-1] == ("close", TWO)
    assert ("closed", ONE) in around.said
    assert [publisher.calls for publisher in around.publishers] == [[], []]
    around.lanes[TWO].closing.set()
    await closing
    assert [publisher.calls for publisher in around.publishers] == [["stop"], ["stop"]]


async def test_a_holding_of_nothing_does_nothing():
    around = Around()
    await around.holding.take_over()
    around.holding.seek({})
    around.holding.open()
    around.holding.nudge(lambda _: Seen())
    assert not around.holding.full
    await around.holding.close()


async def test_taking_over_stands_still_only_where_no_partition_recovers(around):
    """One that has no table, or was recovered early, waits for the others for as long as they take."""
    progress = Progress(interval=1.0)
    for second in range(100):
        around.lanes[ONE].recovered = second
        progress.look(around.holding.signs(lambda _: Seen()), float(second))
    assert progress.standstill.seconds == 0
    for second in range(100, 110):
        progress.look(around.holding.signs(lambda _: Seen()), float(second))
    assert progress.standstill == Standstill("taking over", 10.0)


def test_a_holding_of_nothing_shows_no_standstill():
    assert Around().holding.signs(lambda _: Seen()) == {}


@pytest.mark.parametrize(
    "done, seen, has_room, resting",
    [
        (5, Seen(), True, (False, False)),  # nobody knows yet how much there is
        (5, Seen(8, 100), True, (False, False)),
        (8, Seen(8, 100), True, (True, False)),  # nothing to do, but Kafka must answer
        (9, Seen(8, 100), True, (True, False)),
        (5, Seen(8, 100), False, (False, True)),  # nothing is fetched while the lane is full
    ],
)
async def test_progress_shows_by_what_is_decided_and_by_answers(around, done, seen, has_room, resting):
    take_over(around)
    lane = around.lanes[ONE]
    lane.done, lane.steps, lane.has_room = done, 17, has_room
    signs = around.holding.signs(lambda _: seen)
    assert signs["input-0"] == Sign(17, resting[0])
    assert signs["Kafka's answers about input-0"] == Sign(seen.at, resting[1])
