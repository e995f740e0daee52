"""Fetching: records as their batch has them, and a pause after what brought something."""

import asyncio
from collections import OrderedDict
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import Fetcher, FetchError, FetchResult, PartitionRecords
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from correlator.engine import fetching as module
from correlator.engine.fetching import PlainRecords, make_unhurried
from tests.engine.fakes import Clock, settled

TP = TopicPartition("events", 3)
ROWS = [(b"k", b"v", [("a", b"1"), ("b", None)]), (None, b"w", []), (b"tombstone", None, [])]


APART = 0.05


def fetched() -> FetchResult:
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, 0, 1 << 16)
    for offset, (key, value, headers) in enumerate(ROWS):
        builder.append(offset, 1_700_000_000_000 + offset, key, value, headers)
    records = PartitionRecords(TP, MemoryRecords(bytes(builder.build())), [], 0, None, None, True, 0)
    return FetchResult(TP, assignment=None, partition_records=records, backoff=0)


@pytest.fixture
def fetcher() -> Any:
    """aiokafka's, with nothing behind it."""
    fetcher: Any = object.__new__(Fetcher)
    fetcher._records, fetcher._fetch_waiters = OrderedDict(), set()
    fetcher._closed, fetcher._pending_tasks = False, set()
    make_unhurried(fetcher, APART)
    return fetcher


# Records: all that a slice promises of them, and what aiokafka would have made of them


def test_a_plain_record_has_what_is_read_of_it(fetcher):
    fetcher._records[TP] = fetched()
    plain, made = list(fetcher._records[TP]._partition_records), list(fetched()._partition_records)
    assert [(it.key, it.value) for it in plain] == [(key, value) for key, value, _ in ROWS]
    for name in ("offset", "timestamp", "timestamp_type", "key", "value"):
        assert [getattr(it, name) for it in plain] == [getattr(it, name) for it in made]
    assert [tuple(it.headers) for it in plain] == [it.headers for it in made]


def test_where_reading_goes_on_is_known_as_before(fetcher):
    fetcher._records[TP] = fetched()
    records = fetcher._records[TP]._partition_records
    assert isinstance(records, PlainRecords)
    next(records)
    assert records.next_fetch_offset == 1
    assert len(list(records)) == 2
    assert records.next_fetch_offset == 3


def test_a_fault_is_kept_as_it_is(fetcher):
    fetcher._records[TP] = fault = FetchError(error=RuntimeError(), backoff=0)
    assert fetcher._records[TP] is fault


def test_what_was_fetched_before_is_kept():
    fetcher: Any = object.__new__(Fetcher)
    fetcher._records = OrderedDict({TP: (before := fetched())})
    make_unhurried(fetcher, APART)
    assert fetcher._records[TP] is before
    assert isinstance(before._partition_records, PlainRecords)


def test_it_is_done_once(fetcher):
    before = fetcher._records
    make_unhurried(fetcher, 2 * APART)
    assert fetcher._records is before
    assert fetcher.apart == APART


# The pause: aiokafka asks a broker again when this fetch is done


class Broker:
    """Answers a fetch when a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answer = asyncio.get_running_loop().create_future()

        async def fetch(*_: Any) -> bool:
            try:
                return bool(await self.answer)
            except asyncio.CancelledError:
                return False  # as aiokafka's

        monkeypatch.setattr(Fetcher, "_proc_fetch_request", fetch)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch, module)


@pytest.fixture
async def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    return Broker(monkeypatch)


@pytest.fixture
async def fetch(fetcher: Any, clock: Clock, broker: Broker) -> asyncio.Task[bool]:
    """A fetch that waits for its answer."""
    fetch = asyncio.create_task(fetcher._proc_fetch_request(None, 1, None))
    await settled()
    return fetch


@pytest.mark.parametrize(
    "something, took, pause",
    [
        (True, 0.0, APART),
        (True, APART / 5, APART * 4 / 5),  # counted from when the broker was asked
        (True, APART, 0.0),
        (True, APART * 4, 0.0),  # the first after a silence
        (False, 0.0, 0.0),  # the broker held it as long as it may
    ],
)
async def test_after_what_brought_something_there_is_a_pause(fetch, clock, broker, something, took, pause):
    await clock.go_on(took)
    assert not fetch.done()
    broker.answer.set_result(something)
    await settled()
    if pause:
        await clock.go_on(pause * 0.99)
        assert not fetch.done()
        await clock.go_on(pause * 0.01)
    assert fetch.done()
    assert fetch.result() is something


@pytest.mark.parametrize("something", [True, False])
async def test_whoever_waits_for_records_is_told_before_the_pause(fetcher, fetch, broker, something):
    fetcher._loop = asyncio.get_running_loop()
    waiter = fetcher._create_fetch_waiter()
    broker.answer.set_result(something)
    await settled()
    assert waiter.done() == something
    assert bool(fetcher._fetch_waiters) != something


@pytest.mark.parametrize("in_", ["the fetch", "the pause"])
async def test_a_consumer_stops_in(fetcher, fetch, broker, in_):
    """It waits for what it has cancelled, and goes on to close its connections."""
    if in_ == "the pause":
        broker.answer.set_result(True)
        await settled()
    assert not fetch.done()
    fetcher._pending_tasks.add(fetch)
    fetcher._fetch_task = asyncio.create_task(asyncio.sleep(0))
    await fetcher.close()
    assert fetch.done()
    assert not fetch.cancelled()
