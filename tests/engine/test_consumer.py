"""The consumer between Faust and the engine: what is done before and after what Faust does. No broker takes part."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from faust.transport.drivers.aiokafka import Consumer
from faust.types import TP

from correlator.engine import Options, Slice
from correlator.engine import consumer as module
from correlator.engine.consumer import SliceConsumer
from correlator.engine.kafka import Extent, Fetched
from correlator.engine.membership import Membership
from correlator.engine.options import faust_app
from correlator.engine.slices import TopicPartition
from tests.engine.fakes import OPTIONS
from tests.engine.kafka import PATIENCE

ONE = TP("input", 0)
HOLDING = object()


class Assignments:
    """Writes down what it is told."""

    def __init__(self, said: list[Any]) -> None:
        self._said = said

    topics: Collection[str] = {"input"}

    async def take_over(self, assigned: set[TopicPartition], membership: Membership, kafka: Any) -> object:
        self._said.append(("take over", assigned, membership, kafka))
        return HOLDING

    async def seek(self, *, stopping: Any) -> None:
        self._said.append(("seek", stopping()))

    def open(self) -> None:
        self._said.append("open")

    def shut(self) -> None:
        self._said.append("shut")

    async def let_go(self) -> None:
        self._said.append("let go")

    def offer(self, holding: object, slices: Iterable[Slice]) -> None:
        self._said.append("offer")


class Brokers:
    """Tells where partitions begin and end; or does not answer."""

    answers = True

    async def beginnings(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        return await self._told({tp: 2 + tp.partition for tp in partitions})

    async def ends(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        return await self._told({tp: 10 + tp.partition for tp in partitions})

    async def _told(self, offsets: Mapping[TopicPartition, int]) -> Mapping[TopicPartition, int]:
        if not self.answers:
            await asyncio.Event().wait()
        return offsets


class Around:
    """A consumer whose Faust half only writes down that it was called."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.said: list[Any] = []
        self.consumer: Any = object.__new__(SliceConsumer)
        options = OPTIONS._replace(instance_id="worker-0")
        assignments, self.brokers = Assignments(self.said), Brokers()
        self.consumer.transport = SimpleNamespace(
            assignments=assignments, options=options, brokers=lambda: self.brokers
        )
        self.consumer.app = SimpleNamespace(tables=SimpleNamespace(changelog_topics={"changelog"}), should_stop=False)
        self.consumer._stopped = asyncio.Event()
        self.consumer._crashed = asyncio.Event()
        self.consumer.flow_active = True
        client = SimpleNamespace(_coordinator=SimpleNamespace(member_id="worker-0-abc", _group_instance_id=None))
        self.consumer._thread = SimpleNamespace(holding=None, _ensure_consumer=lambda: client)
        for name in ("on_partitions_revoked", "on_partitions_assigned", "perform_seek"):
            monkeypatch.setattr(Consumer, name, self._say(f"Faust: {name}"))
        monkeypatch.setattr(Consumer, "resume_flow", lambda _: self.said.append("Faust: resume_flow"))

    def _say(self, what: str) -> Any:
        async def say(*_: Any) -> None:
            self.said.append(what)

        return say


@pytest.fixture
def around(monkeypatch: pytest.MonkeyPatch) -> Around:
    return Around(monkeypatch)


# What Faust tells


def test_the_thread_that_reads_knows_what_stages_read_and_whom_to_hand_it_to(around, monkeypatch):
    monkeypatch.setattr(module, "SliceThread", lambda *_, **__: SimpleNamespace())
    around.consumer.loop = around.consumer.beacon = None
    thread = around.consumer._new_consumer_thread()
    assert thread.streams == {"input"}
    assert thread.hand_over == around.consumer.transport.assignments.offer
    assert (thread.fetches_apart, thread.lookup_timeout) == (OPTIONS.fetches_apart, OPTIONS.lookup_timeout)


async def test_an_assignment_is_taken_over_before_faust_hears_of_it(around):
    await around.consumer.on_partitions_assigned({ONE}, 7)
    membership = Membership("unit", 7, "worker-0-abc", "worker-0")
    assert around.said == [
        ("take over", {TopicPartition(*ONE)}, membership, around.consumer),
        "Faust: on_partitions_assigned",
    ]
    assert around.consumer._thread.holding is HOLDING


async def test_the_seek_at_the_end_of_recovery_counts(around):
    await around.consumer.perform_seek()
    assert around.said == [("seek", False)]


async def test_a_seek_while_the_flow_is_stopped_does_not(around):
    """It comes from a poll, and recovery is still to come."""
    around.consumer.flow_active = False
    await around.consumer.perform_seek()
    assert around.said == []


async def test_without_tables_there_is_no_recovery_to_wait_for(around):
    around.consumer.flow_active, around.consumer.app.tables.changelog_topics = False, set()
    await around.consumer.perform_seek()
    assert around.said == [("seek", False)]


@pytest.mark.parametrize("what", ["the consumer", "the app"])
async def test_a_seek_is_told_what_stops(around, what):
    """The app stops its consumer after whatever waits for a seek."""
    if what == "the consumer":
        around.consumer._stopped.set()
    else:
        around.consumer.app.should_stop = True
    await around.consumer.perform_seek()
    assert around.said == [("seek", True)]


async def test_the_reading_begins_after_faust_resumed_the_flow(around):
    around.consumer.resume_flow()
    assert around.said == ["Faust: resume_flow", "open"]


@pytest.mark.parametrize("app_stops", [False, True])
async def test_a_revocation_stops_the_reading_and_finishes_the_beat_in_hand_before_faust_hears_of_it(around, app_stops):
    around.consumer.app.should_stop = app_stops
    await around.consumer.on_partitions_revoked({ONE})
    assert around.said == ["shut", "let go", "Faust: on_partitions_revoked"]


async def test_faust_s_waiting_is_the_letting_go(around):
    await around.consumer.wait_empty()
    assert around.said == ["let go"]


# What is asked of Kafka


async def test_partitions_hold_offsets_from_their_beginning_to_their_end(around):
    assert await around.consumer.extents(TopicPartition(*ONE)) == {ONE: Extent(2, 10)}


async def test_recovery_goes_up_to_the_high_watermark(around):
    """What aiokafka tells a reader of committed records lies before what is being committed."""
    assert await around.consumer.highwaters(ONE, TP("changelog", 3)) == {ONE: 10, TP("changelog", 3): 13}


@pytest.mark.parametrize("question", ["highwaters", "earliest_offsets"])
async def test_where_partitions_begin_and_end_is_not_waited_for_without_end(around, question, monkeypatch):
    """Where Faust's patience ends first, its recovery does, too, and nobody hears of it."""
    assert OPTIONS.lookup_timeout < faust_app(OPTIONS, "worker").conf.broker_request_timeout
    monkeypatch.setattr(Options, "lookup_timeout", 0.01)
    around.brokers.answers = False
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(getattr(around.consumer, question)(ONE), PATIENCE)


async def test_reading_is_sought_as_faust_seeks(around):
    sought = {}

    async def seek_wait(partitions: Mapping[TP, int]) -> None:
        sought.update(partitions)

    around.consumer.seek_wait = seek_wait
    await around.consumer.read_from({TopicPartition(*ONE): 5})
    assert sought == {ONE: 5}
    assert all(isinstance(tp, TP) for tp in sought)


async def test_a_fetch_tells_where_a_partition_ends(around):
    fetched = SimpleNamespace(
        last_stable_offset=lambda _: 8, highwater=lambda _: 9, last_poll_timestamp=lambda _: 1_700_000_000_000
    )
    around.consumer._thread._ensure_consumer = lambda: fetched
    assert around.consumer.fetched(TopicPartition(*ONE)) == Fetched(8, 9, 1_700_000_000_000)


async def test_nothing_is_known_of_a_partition_that_is_being_revoked(around):
    def not_assigned(_: Any) -> int:
        raise AssertionError("Partition is not assigned")

    around.consumer._thread._ensure_consumer = lambda: SimpleNamespace(last_stable_offset=not_assigned)
    assert around.consumer.fetched(TopicPartition(*ONE)) == Fetched()
