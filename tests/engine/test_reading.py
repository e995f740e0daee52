"""Reading: what one poll returns of a partition is a slice, and what may be read is asked when it is handed over.

Slices of what stages read go to the engine, in the app's event loop; Faust is shown those of changelogs.
"""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition as AiokafkaTP
from faust.types import TP

from correlator.engine import Slice
from correlator.engine import reading as module
from correlator.engine.fetching import UnhurriedFetcher
from correlator.engine.reading import Readable, SliceRecord, SliceThread, WentBack
from correlator.engine.slices import TopicPartition
from tests.engine.fakes import Record, settled

STREAM, OTHER, CHANGELOG = TP("input", 0), TP("input", 1), TP("changelog", 0)


class Holding:
    """The current holding, as a test wants it."""

    def __init__(self, starts: Mapping[TP, int]) -> None:
        self.starts = {TopicPartition(*tp): offset for tp, offset in starts.items()}
        self.full = False
        self.reads: Callable[[TopicPartition], bool] = lambda tp: tp in self.starts


class Fetcher(UnhurriedFetcher):
    """aiokafka's fetcher and what it knows of positions: a test says what lies there, a poll takes it."""

    _closed = False

    def __init__(self) -> None:
        self.fetched: dict[TP, tuple[list[Record], int]] = {}
        self.positions: dict[TP, int | None] = {}
        self.meanwhile: Callable[[], None] = lambda: None
        self.timeouts: list[float | None] = []
        self._subscriptions = SimpleNamespace(fetch_context=threading.Lock)
        self._records: OrderedDict[TP, Any] = OrderedDict()

    async def fetched_records(self, partitions: Collection[TP], timeout: float | None, max_records: int | None) -> Any:
        self.timeouts.append(timeout)
        drained: dict[TP, list[Record]] = {}
        for tp in list(self.fetched):
            if partitions and tp not in partitions:
                continue
            records, self.positions[tp] = self.fetched.pop(tp)
            if records:
                drained[tp] = records
        self.meanwhile()
        return drained


class State(SimpleNamespace):
    @property
    def has_valid_position(self) -> bool:
        return self.position is not None


class Assignment:
    active = True

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    @property
    def tps(self) -> Collection[TP]:
        return self._fetcher.positions.keys()

    def state_value(self, tp: TP) -> State | None:
        return State(position=self._fetcher.positions[tp]) if tp in self._fetcher.positions else None


class Around:
    """A consumer thread that polls when it is told to."""

    def __init__(self, **positions: int) -> None:
        self.fetcher = Fetcher()
        self.fetcher.positions = {STREAM: 10, OTHER: 20, CHANGELOG: 0}
        subscription = SimpleNamespace(assignment=Assignment(self.fetcher))
        self.consumer = SimpleNamespace(
            _closed=False, _fetcher=self.fetcher, _subscription=SimpleNamespace(subscription=subscription)
        )
        self.faust = SimpleNamespace(flow_active=True, loop=asyncio.get_running_loop())
        self.thread: Any = object.__new__(SliceThread)
        self.thread.consumer = self.faust
        self.thread.streams = {"input"}
        self.thread.fetches_apart = 0.05
        self.thread.hand_over = lambda holding, slices: self.handed.append((holding, slices))
        self.handed: list[tuple[Holding, list[Slice]]] = []
        self.holding = self.thread.holding = Holding({STREAM: 10, OTHER: 20})
        self.active = {STREAM, OTHER, CHANGELOG}

    def fetch(self, tp: TP, start: int, end: int, *, without: Collection[int] = ()) -> None:
        """Set what the next poll finds."""
        self.fetcher.fetched[tp] = [Record(n) for n in range(start, end) if n not in without], end

    async def poll(self, timeout: float = 1.0) -> dict[TP, Slice]:
        """The slices of a poll: of streams as they are handed over, and of changelogs as Faust sees them."""
        self.handed.clear()
        polled = await self.thread._fetch_records(self.consumer, self.active, timeout=timeout, max_records=100)
        slices: dict[TP, Slice] = {}
        for tp, records in polled.items():
            (record,) = records
            assert isinstance(record, SliceRecord)
            assert (record.topic, record.partition, record.offset) == (*tp, record.value.end - 1)
            assert tp not in {STREAM, OTHER}
            slices[tp] = record.value
        await settled(2)
        assert len(self.handed) <= 1, "all slices of a poll are handed over together"
        for holding, handed in self.handed:
            assert holding is self.thread.holding
            slices |= {TP(slice_.topic, slice_.partition): slice_ for slice_ in handed}
        return slices


@pytest.fixture
async def around() -> Around:
    around = Around()
    await around.poll()  # the first one tells where the changelogs stand
    return around


def bounds(slices: Mapping[TP, Slice]) -> dict[TP, tuple[int, int, list[int]]]:
    return {tp: (s.start, s.end, [record.offset for record in s.records]) for tp, s in slices.items()}


# Slices


async def test_the_records_of_a_poll_are_one_slice_a_partition(around):
    around.fetch(STREAM, 10, 13)
    around.fetch(OTHER, 20, 22)
    assert bounds(await around.poll()) == {STREAM: (10, 13, [10, 11, 12]), OTHER: (20, 22, [20, 21])}


async def test_slices_join_over_markers_and_aborted_records(around):
    around.fetch(STREAM, 10, 15, without=[10, 13, 14])
    assert bounds(await around.poll()) == {STREAM: (10, 15, [11, 12])}
    around.fetch(STREAM, 15, 20, without=range(15, 20))
    assert bounds(await around.poll()) == {STREAM: (15, 20, [])}
    around.fetch(STREAM, 22, 23)  # what lay between was compacted away
    assert bounds(await around.poll()) == {STREAM: (20, 23, [22])}


async def test_a_poll_that_finds_nothing_gives_nothing(around):
    assert await around.poll() == {}


async def test_a_slice_is_not_told_twice(around):
    around.fetch(STREAM, 10, 13)
    assert STREAM in await around.poll()
    assert await around.poll() == {}


async def test_the_first_slice_begins_where_the_partition_was_sought(around):
    around.fetch(STREAM, 12, 13)
    assert bounds(await around.poll()) == {STREAM: (10, 13, [12])}


async def test_what_was_handed_over_is_passed_on_whatever_became_of_the_room(around):
    """The lane may fill, in the other thread, between aiokafka's question and ours: the records are taken already."""
    around.fetch(STREAM, 10, 13)

    def fill() -> None:
        around.holding.reads = lambda _: False

    around.fetcher.meanwhile = fill
    assert bounds(await around.poll()) == {STREAM: (10, 13, [10, 11, 12])}


async def test_what_was_handed_over_is_passed_on_whatever_became_of_faust_s_queue(around):
    """Faust takes a partition from its active ones, in the other thread, when the stream's queue is nearly full."""
    around.fetch(STREAM, 10, 13)
    around.fetcher.meanwhile = lambda: around.active.discard(STREAM)
    assert bounds(await around.poll()) == {STREAM: (10, 13, [10, 11, 12])}


@pytest.mark.parametrize("start, end", [(9, 12), (5, 8)])
async def test_a_reading_that_jumps_back_is_refused(around, start, end):
    around.fetch(STREAM, start, end)
    with pytest.raises(WentBack, match=rf"^input-0 was read up to 10, and now from there up to {end}$"):
        await around.poll()


async def test_a_changelog_may_be_read_again(around):
    around.fetch(CHANGELOG, 0, 5)
    assert bounds(await around.poll()) == {CHANGELOG: (0, 5, [0, 1, 2, 3, 4])}
    around.fetch(CHANGELOG, 2, 4)
    assert bounds(await around.poll())[CHANGELOG][1:] == (4, [2, 3])


async def test_slices_of_streams_are_handed_over_in_the_app_s_event_loop(around):
    """The consumer's thread has one of its own, and lanes know nothing of threads."""
    around.thread.hand_over = lambda *_: at.append(asyncio.get_running_loop())
    at, ours = list[Any](), asyncio.get_running_loop()
    around.fetch(STREAM, 10, 13)
    around.fetch(CHANGELOG, 0, 5)

    def poll() -> dict[TP, Any]:
        polling = around.thread._fetch_records(around.consumer, around.active, timeout=1.0, max_records=100)
        return asyncio.run(polling)

    assert list(await asyncio.to_thread(poll)) == [CHANGELOG], "Faust is shown no others"
    await settled(2)
    assert at == [ours]


async def test_slices_are_handed_over_with_what_they_were_read_for(around):
    """A rebalance may come before the app's event loop gets to them."""
    around.fetch(STREAM, 10, 13)
    before = around.holding
    await around.thread._fetch_records(around.consumer, around.active, timeout=1.0, max_records=100)
    around.thread.holding = Holding({STREAM: 10})
    await settled(2)
    assert [holding for holding, _ in around.handed] == [before]


# Holdings


async def test_nothing_is_read_before_anything_is_held():
    around = Around()
    around.thread.holding = None
    around.fetch(STREAM, 10, 13)
    assert await around.poll() == {}
    assert STREAM in around.fetcher.fetched


async def test_a_changelog_is_told_where_it_stands_though_it_holds_no_record(around):
    """Recovery waits for its end, which may be a marker that nobody ever sees (Faust #47)."""
    around.fetch(CHANGELOG, 0, 7, without=range(7))
    assert bounds(await around.poll())[CHANGELOG][1:] == (7, [])


async def test_everything_is_told_again_to_the_next_owner(around):
    around.fetch(CHANGELOG, 0, 7)
    assert CHANGELOG in await around.poll()
    assert await around.poll() == {}
    around.thread.holding = Holding({STREAM: 12})
    around.fetch(STREAM, 12, 13)
    assert bounds(await around.poll()) == {CHANGELOG: (7, 7, []), STREAM: (12, 13, [12])}


async def test_nothing_is_handed_over_while_the_flow_is_stopped(around):
    around.fetch(STREAM, 10, 13)

    def stop() -> None:
        around.faust.flow_active = False

    around.fetcher.meanwhile = stop
    assert await around.poll() == {}


async def test_a_partition_without_a_position_is_left_alone(around):
    around.fetcher.positions[STREAM] = None
    assert await around.poll() == {}


async def test_a_poll_is_short_while_a_lane_is_full(around):
    """aiokafka wakes a poll for new data, not for room."""
    await around.poll(timeout=1.0)
    around.holding.full = True
    await around.poll(timeout=1.0)
    assert around.fetcher.timeouts[-2] == 1.0
    assert around.fetcher.timeouts[-1] < 0.1


async def test_the_fetcher_of_a_poll_is_one_that_does_not_hurry(around, monkeypatch):
    """aiokafka makes it when the consumer starts, and asks nobody which class it is to be."""
    told = []
    monkeypatch.setattr(module, "make_unhurried", lambda *args: told.append(args))
    await around.poll()
    assert told == [(around.fetcher, around.thread.fetches_apart)]


# What may be read


@pytest.fixture
def thread() -> Any:
    return SimpleNamespace(streams={"input"}, holding=Holding({STREAM: 10}))


def test_a_stream_partition_that_is_held_is_readable(thread):
    readable = Readable({STREAM, OTHER}, thread)
    assert STREAM in readable
    assert OTHER not in readable  # not held
    assert TP("input", 2) not in readable  # not active
    assert AiokafkaTP("input", 0) in readable
    assert "input" not in readable


def test_a_changelog_is_readable_while_faust_wants_it(thread):
    readable = Readable(active := {CHANGELOG}, thread)
    assert CHANGELOG in readable
    active.clear()
    assert CHANGELOG not in readable


def test_readable_is_asked_anew_each_time(thread):
    readable = Readable({STREAM}, thread)
    assert STREAM in readable
    thread.holding.reads = lambda _: False
    assert STREAM not in readable
    thread.holding = Holding({STREAM: 50})
    assert STREAM in readable
    thread.holding = None
    assert STREAM not in readable


def test_readable_is_never_empty(thread):
    """aiokafka takes an empty collection for all."""
    assert Readable((), thread)
    assert list(Readable((), thread)) == []


def test_readable_can_be_walked_while_it_changes(thread):
    active, walked = {STREAM, OTHER, CHANGELOG}, set()
    for tp in Readable(active, thread):
        active.clear()
        walked.add(tp)
    assert walked == {STREAM, OTHER, CHANGELOG}
