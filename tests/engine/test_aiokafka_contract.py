"""What the engine depends on in aiokafka, against a real broker: an upgrade that breaks one of these shows which.

Each test is named by the behaviour; the engine's reason is its docstring.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.client import CoordinationType
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError, ProducerFenced
from aiokafka.producer.sender import Sender, TxnOffsetCommitHandler
from aiokafka.producer.transaction_manager import TransactionState
from aiokafka.util import create_future

from tests.engine.kafka import Cluster, Row, member, until

NewProducer = Callable[..., Awaitable[AIOKafkaProducer]]
NewConsumer = Callable[..., Awaitable[AIOKafkaConsumer]]


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
async def tp(cluster: Cluster, topic: Callable[[str], str]) -> TopicPartition:
    """A partition to write to."""
    name = topic("contract")
    await cluster.create(name, partitions=1)
    return TopicPartition(name, 0)


@pytest.fixture
def new_producer(kafka: str, stack: AsyncExitStack) -> NewProducer:
    """Start a producer of transactions, as the engine makes them."""

    async def new(transactional_id: str | None = None) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            bootstrap_servers=kafka,
            transactional_id=transactional_id or uuid.uuid4().hex,
            transaction_timeout_ms=60_000,
            max_batch_size=1 << 20,
            acks="all",
        )
        await stack.enter_async_context(producer)
        stack.callback(forget_what_ended, producer)
        return producer

    return new


def forget_what_ended(producer: AIOKafkaProducer) -> None:
    """A fenced producer leaves an exception to the next call; asyncio would complain of it when nobody asked."""
    ended = producer._txn_manager._transaction_waiter
    if ended is not None and ended.done() and not ended.cancelled():
        ended.exception()


@pytest.fixture
def new_consumer(kafka: str, stack: AsyncExitStack) -> NewConsumer:
    """Start a consumer of one partition, with insides set before its start, as the engine does with Faust's."""

    async def new(tp: TopicPartition, group: str | None = None, **insides: Any) -> AIOKafkaConsumer:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=kafka, group_id=group, auto_offset_reset="earliest", enable_auto_commit=False
        )
        for name, value in insides.items():
            assert hasattr(consumer, name), name
            setattr(consumer, name, value)
        await stack.enter_async_context(consumer)
        consumer.assign([tp])
        return consumer

    return new


async def send(producer: AIOKafkaProducer, tp: TopicPartition, *values: bytes) -> int:
    """Deliver values as a batch; the offset of the first one."""
    batch = producer.create_batch()
    for value in values:
        assert batch.append(timestamp=None, key=b"k", value=value, headers=[]) is not None
    batch.close()
    delivery = await producer.send_batch(batch, tp.topic, partition=tp.partition)
    return int((await delivery).offset)


async def commit(producer: AIOKafkaProducer, tp: TopicPartition, *values: bytes) -> None:
    await producer.begin_transaction()
    await send(producer, tp, *values)
    await producer.commit_transaction()


async def abort(producer: AIOKafkaProducer, tp: TopicPartition, *values: bytes) -> None:
    await producer.begin_transaction()
    await send(producer, tp, *values)
    await producer.abort_transaction()


async def read_to(consumer: AIOKafkaConsumer, tp: TopicPartition, position: int) -> list[bytes]:
    """What is handed over until the position is reached."""
    values: list[bytes] = []

    async def there() -> bool:
        for records in (await consumer.getmany(timeout_ms=50)).values():
            values.extend(record.value for record in records)
        return position_of(consumer, tp) == position

    await until(there, every=0)
    return values


def position_of(consumer: AIOKafkaConsumer, tp: TopicPartition) -> int | None:
    """The position, where the engine finds it: without a question to the broker."""
    state = consumer._subscription.subscription.assignment.state_value(tp)
    return state.position if state.has_valid_position else None


def is_fetching(consumer: AIOKafkaConsumer) -> bool:
    """Whether a fetch waits for its answer on a connection."""
    under_way = [request for connection in consumer._client._conns.values() for _, request, _ in connection._requests]
    return any(type(request).__name__.startswith("FetchRequest") for request in under_way)


async def ends(consumer: AIOKafkaConsumer, tp: TopicPartition, at: int) -> bool:
    """Whether the partition ends there. A commit is decided when it returns; its markers take a moment more."""
    return (await consumer.end_offsets([tp]))[tp] == at


async def is_committed(consumer: AIOKafkaConsumer, tp: TopicPartition, offset: int) -> bool:
    return await consumer.committed(tp) == offset


# Reading


async def test_how_long_ends_are_asked_for_is_taken_from_the_consumer(tp, new_consumer):
    """The engine lets it give up before Faust does, whose recovery would then end without a word."""
    consumer = await new_consumer(tp, _request_timeout_ms=0)
    for ask in (consumer.beginning_offsets, consumer.end_offsets):
        with pytest.raises(KafkaTimeoutError):
            await ask([tp])


async def test_isolation_level_is_taken_from_the_consumer_when_it_starts(tp, new_producer, new_consumer):
    """Faust makes its consumer read_uncommitted; the engine sets ``_isolation_level`` on what it made."""
    producer = await new_producer()
    await commit(producer, tp, b"one")
    await abort(producer, tp, b"aborted")
    await commit(producer, tp, b"two")
    end = 6  # three records, three markers
    committed = await new_consumer(tp, _isolation_level="read_committed")
    assert await read_to(committed, tp, end) == [b"one", b"two"]
    everything = await new_consumer(tp)
    assert await read_to(everything, tp, end) == [b"one", b"aborted", b"two"]


async def test_end_offsets_of_a_read_committed_consumer_are_the_last_stable_ones(tp, new_producer, new_consumer):
    """Hence `Brokers.ends`: recovery must get behind what may yet be committed."""
    producer = await new_producer()
    await commit(producer, tp, b"one")
    await producer.begin_transaction()
    await send(producer, tp, b"open")
    consumer = await new_consumer(tp, _isolation_level="read_committed")
    assert await consumer.end_offsets([tp]) == {tp: 2}
    assert await (await new_consumer(tp)).end_offsets([tp]) == {tp: 3}
    await producer.commit_transaction()
    await until(lambda: ends(consumer, tp, 4))


async def test_last_stable_offset_is_known_from_the_last_fetch(tp, new_producer, new_consumer):
    """The engine tells a stage that it has caught up by this, without a question to the broker."""
    producer = await new_producer()
    await commit(producer, tp, b"one")
    await producer.begin_transaction()
    await send(producer, tp, b"open")
    consumer = await new_consumer(tp, _isolation_level="read_committed")
    await read_to(consumer, tp, 2)
    await until(lambda: consumer.highwater(tp) == 3)
    assert consumer.last_stable_offset(tp) == 2
    await producer.commit_transaction()
    await read_to(consumer, tp, 4)
    assert consumer.last_stable_offset(tp) == 4


async def test_position_moves_past_control_records_and_aborted_batches(tp, new_producer, new_consumer):
    """A slice ends at the position: slices join, and recovery gets to an end that is a marker (Faust #47)."""
    producer = await new_producer()
    await abort(producer, tp, b"aborted", b"aborted")
    consumer = await new_consumer(tp, _isolation_level="read_committed")
    assert await read_to(consumer, tp, 3) == []
    await commit(producer, tp, b"one")
    assert await read_to(consumer, tp, 5) == [b"one"]


async def test_position_stands_behind_the_last_record_handed_over(cluster, tp, new_consumer):
    await cluster.write(tp.topic, [Row(0, b"k", b"%d" % n) for n in range(10)])
    consumer = await new_consumer(tp)
    read = await consumer.getmany(timeout_ms=20_000, max_records=4)
    assert [record.offset for record in read[tp]] == [0, 1, 2, 3]
    assert position_of(consumer, tp) == 4


async def test_a_seek_drops_what_was_fetched_before(cluster, tp, new_consumer):
    """Recovery and perform_seek seek while the fetcher runs."""
    await cluster.write(tp.topic, [Row(0, b"k", b"%d" % n) for n in range(10)])
    consumer = await new_consumer(tp)
    await consumer.getmany(timeout_ms=20_000, max_records=1)
    assert tp in consumer._fetcher._records
    consumer.seek(tp, 7)
    assert await read_to(consumer, tp, 10) == [b"7", b"8", b"9"]


class Asked(Collection[TopicPartition]):
    """A collection of partitions that changes while it is used."""

    def __init__(self, *members: TopicPartition) -> None:
        self.members = set(members)
        self.asked = asyncio.Event()

    def __contains__(self, tp: object) -> bool:
        self.asked.set()
        return tp in self.members

    def __iter__(self) -> Iterator[TopicPartition]:
        return iter(())

    def __len__(self) -> int:
        return 1


async def test_fetched_records_asks_for_each_partition_when_it_hands_over(cluster, tp, new_consumer):
    """A poll that began before a rebalance must not hand over what is no longer, or not yet, to be read."""
    consumer = await new_consumer(tp)
    readable = Asked(tp)
    poll = asyncio.create_task(consumer._fetcher.fetched_records(readable, timeout=60))
    await until(lambda: consumer._fetcher._fetch_waiters)  # it waits for data
    readable.members.clear()
    await cluster.write(tp.topic, [Row(0, b"k", b"one")])
    await asyncio.wait_for(readable.asked.wait(), 20)
    await until(lambda: consumer._fetcher._fetch_waiters)  # it was asked, and waits again
    assert not poll.done()
    readable.members.add(tp)
    await cluster.write(tp.topic, [Row(0, b"k", b"two")])
    # What was refused was neither lost nor taken for read. New data of a partition that holds some wakes nobody up, so
    # the poll goes on by another one: the engine polls again after a moment (WHILE_FULL).
    poll.cancel()
    assert await read_to(consumer, tp, 2) == [b"one", b"two"]


async def test_a_refused_partition_keeps_its_position(cluster, tp, new_consumer):
    await cluster.write(tp.topic, [Row(0, b"k", b"one")])
    consumer = await new_consumer(tp)
    await until(lambda: tp in consumer._fetcher._records)
    assert await consumer._fetcher.fetched_records(Asked(), timeout=0) == {}
    assert position_of(consumer, tp) == 0
    read = await consumer._fetcher.fetched_records(Asked(tp), timeout=0)
    assert [record.value for record in read[tp]] == [b"one"]


async def test_fetched_records_takes_an_empty_collection_for_all(cluster, tp, new_consumer):
    """Hence ``Readable`` is never empty."""
    await cluster.write(tp.topic, [Row(0, b"k", b"one")])
    consumer = await new_consumer(tp)
    await until(lambda: tp in consumer._fetcher._records)
    assert tp in await consumer._fetcher.fetched_records(set(), timeout=0)


async def test_fetch_max_wait_is_taken_from_the_consumer_when_it_starts(tp, new_consumer):
    """A question on the connection waits behind a fetch that waits for data: taking over asks several."""

    async def answered_after(wait: int) -> float:
        consumer = await new_consumer(tp, _fetch_max_wait_ms=wait)
        await until(lambda: is_fetching(consumer), every=0.01)
        began = time.monotonic()
        await consumer.end_offsets([tp])
        return time.monotonic() - began

    assert await answered_after(3000) - await answered_after(50) > 1


class Paced(Fetcher):
    """A fetcher that takes its time after a fetch that had something, and wakes who polls before that."""

    fetches: list[str]
    go_on: asyncio.Event

    async def _proc_fetch_request(self, assignment: Any, node_id: Any, request: Any) -> Any:
        something = await super()._proc_fetch_request(assignment, node_id, request)
        self.fetches.append("something" if something else "nothing")
        if something:
            for waiter in self._fetch_waiters:
                self._notify(waiter)
            await self.go_on.wait()
        return something


async def test_while_a_fetch_takes_its_time_there_is_no_other_and_who_is_woken_polls(cluster, tp, new_consumer):
    """`fetching`: so it is paced, and nobody waits for what is there."""
    consumer = await new_consumer(tp)
    await until(lambda: is_fetching(consumer))
    fetcher = consumer._fetcher
    fetcher.__class__, fetcher.fetches, fetcher.go_on = Paced, [], asyncio.Event()
    await cluster.write(tp.topic, [Row(0, b"k", b"one")])
    assert await read_to(consumer, tp, 1) == [b"one"]  # by the fetch that was under way, as aiokafka does it
    await cluster.write(tp.topic, [Row(0, b"k", b"two")])
    assert await read_to(consumer, tp, 2) == [b"two"]
    assert fetcher.fetches[-1] == "something"
    fetched = len(fetcher.fetches)
    await cluster.write(tp.topic, [Row(0, b"k", b"three")])
    assert await consumer.getmany(timeout_ms=500) == {}
    assert len(fetcher.fetches) == fetched
    fetcher.go_on.set()
    assert await read_to(consumer, tp, 3) == [b"three"]


class Listener(ConsumerRebalanceListener):
    def __init__(self) -> None:
        self.told: list[str] = []

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        self.told.append("revoked")
        raise OSError("of the listener")

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        self.told.append("assigned")
        raise OSError("of the listener")


async def test_what_a_rebalance_listener_raises_is_logged_and_forgotten(kafka, cluster, tp, stack, caplog):
    """Hence the engine catches what goes wrong while it takes over, and ends the process."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=uuid.uuid4().hex, auto_offset_reset="earliest")
    await stack.enter_async_context(consumer)
    listener = Listener()
    consumer.subscribe([tp.topic], listener=listener)
    await cluster.write(tp.topic, [Row(0, b"k", b"one")])
    assert (await asyncio.wait_for(consumer.getone(), 30)).value == b"one"
    assert listener.told == ["revoked", "assigned"]
    assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info] == ["of the listener"] * 2


# Writing


async def test_send_batch_works_in_a_transaction(cluster, tp, new_producer):
    producer = await new_producer()
    await producer.begin_transaction()
    assert await send(producer, tp, b"one", b"two") == 0
    assert await cluster.read(tp.topic) == []
    assert await send(producer, tp, b"three") == 2  # a delivery tells the offset of its batch's first record
    await producer.commit_transaction()
    await until(lambda: cluster.read(tp.topic))
    assert [record.value for record in await cluster.read(tp.topic)] == [b"one", b"two", b"three"]


async def test_a_batch_that_was_sent_still_knows_how_many_records_it_has(tp, new_producer):
    """The changelog's offset of the last change is counted from the first one's."""
    producer = await new_producer()
    batch = producer.create_batch()
    for _ in range(3):
        batch.append(timestamp=None, key=None, value=b"v", headers=[])
    await producer.begin_transaction()
    await (await producer.send_batch(batch, tp.topic, partition=0))
    await producer.commit_transaction()
    assert batch.record_count() == 3


async def test_a_batch_insists_on_a_list_of_headers(new_producer):
    """The consumer returns a tuple, so headers that are passed on must be made a list."""
    batch = (await new_producer()).create_batch()
    batch.append(timestamp=None, key=None, value=b"v", headers=[("name", b"value")])
    with pytest.raises(TypeError):
        batch.append(timestamp=None, key=None, value=b"v", headers=(("name", b"value"),))


async def test_a_consumer_returns_headers_as_a_tuple(cluster, tp, new_producer):
    producer = await new_producer()
    await producer.begin_transaction()
    await producer.send_and_wait(tp.topic, b"v", partition=0, headers=[("name", b"value")])
    await producer.commit_transaction()
    (record,) = await until(lambda: cluster.read(tp.topic))
    assert record.headers == (("name", b"value"),)


async def test_the_first_record_always_fits_a_batch(new_producer):
    """So a batch that refuses a record is never empty, and the next one takes it."""
    producer = await new_producer()
    batch = producer.create_batch()
    assert batch.append(timestamp=None, key=None, value=bytes(2 << 20), headers=[]) is not None
    assert batch.append(timestamp=None, key=None, value=b"", headers=[]) is None
    assert batch.record_count() == 1


async def test_a_batch_that_is_too_large_for_the_topic_fails_at_its_delivery(tp, new_producer):
    producer = await new_producer()
    await producer.begin_transaction()
    with pytest.raises(MessageSizeTooLargeError):
        await send(producer, tp, bytes(2 << 20))
    await producer.abort_transaction()


async def test_commit_transaction_commits_although_a_batch_failed(cluster, tp, topic, new_producer):
    """Hence every delivery is awaited before the commit."""
    small = TopicPartition(topic("small"), 0)
    await cluster.create(small.topic, partitions=1, max_message_bytes="1000")
    producer = await new_producer()
    await producer.begin_transaction()
    await send(producer, tp, b"delivered")
    with pytest.raises(MessageSizeTooLargeError):
        await send(producer, small, bytes(2000))
    await producer.commit_transaction()
    assert [record.value for record in await until(lambda: cluster.read(tp.topic))] == [b"delivered"]
    assert await cluster.read(small.topic) == []


# Offsets of the input


async def test_offsets_of_a_transaction_are_committed_with_it(cluster, tp, new_producer, new_consumer):
    producer, group = await new_producer(), uuid.uuid4().hex
    consumer = await new_consumer(tp, group=group)
    await producer.begin_transaction()
    await producer.send_offsets_to_transaction({tp: 5}, group)
    assert await consumer.committed(tp) is None
    await producer.commit_transaction()
    await until(lambda: is_committed(consumer, tp, 5))


async def test_offsets_of_an_aborted_transaction_are_not_committed(tp, new_producer, new_consumer):
    producer, group = await new_producer(), uuid.uuid4().hex
    consumer = await new_consumer(tp, group=group)
    await producer.begin_transaction()
    await producer.send_offsets_to_transaction({tp: 5}, group)
    await producer.abort_transaction()
    assert await consumer.committed(tp) is None
    await producer.begin_transaction()  # the same producer goes on
    await producer.send_offsets_to_transaction({tp: 3}, group)
    await producer.commit_transaction()
    await until(lambda: is_committed(consumer, tp, 3))


async def test_offsets_by_themselves_name_no_member(kafka, tp, new_producer, new_consumer):
    """Hence `offsets`: anybody may commit them, for a group that has members."""
    group = uuid.uuid4().hex
    async with member(kafka, tp.topic, group):
        producer = await new_producer()
        await producer.begin_transaction()
        await producer.send_offsets_to_transaction({tp: 5}, group)
        await producer.commit_transaction()
    consumer = await new_consumer(tp, group=group)
    await until(lambda: is_committed(consumer, tp, 5))


class OwnSender(Sender):
    """A sender that the producer did not make, with a handler of its own."""

    handled: list[Any]

    async def _do_txn_offset_commit(self, offsets: Any, group_id: str) -> None:
        node = await self._find_coordinator(CoordinationType.GROUP, group_id)
        await OwnHandler(self, offsets, group_id).do(node)


class OwnHandler(TxnOffsetCommitHandler):
    def create_request(self) -> Any:
        self._sender.handled.append({tp: offset.offset for tp, offset in self._offsets.items()})
        return super().create_request()

    def handle_response(self, response: Any) -> Any:
        self._sender.handled.append([(topic, list(rows)) for topic, rows in response.errors])
        return super().handle_response(response)


async def test_the_producers_sender_may_be_made_another_once_it_runs(tp, new_producer, new_consumer):
    """The engine sends offsets in a request of its own, and reads the answer: nothing else of the sender changes."""
    producer, group = await new_producer(), uuid.uuid4().hex
    producer._sender.__class__, producer._sender.handled = OwnSender, []
    await producer.begin_transaction()
    await producer.send_offsets_to_transaction({tp: 5}, group)
    await producer.commit_transaction()
    assert producer._sender.handled == [{tp: 5}, [(tp.topic, [(tp.partition, 0)])]]
    consumer = await new_consumer(tp, group=group)
    await until(lambda: is_committed(consumer, tp, 5))


async def refuse_offsets(producer: AIOKafkaProducer, tp: TopicPartition, refuse: Callable[[Any], None]) -> None:
    """Begin a transaction with a record, and let its offsets be refused in a way; who sends them is told."""

    class Refusing(Sender):
        async def _do_txn_offset_commit(self, offsets: Any, group_id: str) -> None:
            refuse(self._txn_manager)

    producer._sender.__class__ = Refusing
    await producer.begin_transaction()
    await send(producer, tp, b"refused")
    with pytest.raises(OSError, match="refused"):
        await producer.send_offsets_to_transaction({tp: 5}, uuid.uuid4().hex)


async def test_pending_offsets_that_fail_leave_the_transaction_to_be_aborted(cluster, tp, new_producer):
    def refuse(manager: Any) -> None:
        _, offsets, waiting = manager._pending_txn_offsets.popleft()
        assert {tp: offset.offset for tp, offset in offsets.items()} == {tp: 5}
        waiting.set_exception(OSError("refused"))

    producer = await new_producer()
    await refuse_offsets(producer, tp, refuse)
    await producer.abort_transaction()
    await until(lambda: held_back(cluster, tp, False))
    assert await cluster.read(tp.topic) == []


async def test_after_error_transaction_an_abort_is_not_sent(cluster, tp, new_producer):
    """Hence the engine fails what is pending instead; else readers would wait for the timeout."""

    def refuse(manager: Any) -> None:
        manager.error_transaction(OSError("refused"))
        manager.wait_for_transaction_end().exception()

    producer = await new_producer()
    await refuse_offsets(producer, tp, refuse)
    await producer.abort_transaction()
    assert await cluster.holds_back(tp.topic)


async def held_back(cluster: Cluster, tp: TopicPartition, held: bool) -> bool:
    return await cluster.holds_back(tp.topic) is held


# Fencing


async def send_offsets(producer: AIOKafkaProducer, tp: TopicPartition) -> None:
    await producer.send_offsets_to_transaction({tp: 5}, "group-of-the-fenced")


@pytest.mark.parametrize("step", ["send", "offsets", "commit"])
async def test_a_second_producer_with_the_id_fences_the_first(cluster, tp, new_producer, step):
    first = await new_producer("the-id-" + tp.topic)
    await first.begin_transaction()
    if step != "send":
        await send(first, tp, b"of the first")
    await new_producer("the-id-" + tp.topic)
    steps = {
        "send": lambda: send(first, tp, b"of the first"),
        "offsets": lambda: send_offsets(first, tp),
        "commit": first.commit_transaction,
    }
    with pytest.raises(ProducerFenced):
        await asyncio.wait_for(steps[step](), 20)
    assert await cluster.read(tp.topic) == []


async def test_a_fenced_producer_can_do_nothing_any_more(tp, new_producer):
    """Neither abort nor begin again: the process ends."""
    first = await new_producer("the-id-" + tp.topic)
    await first.begin_transaction()
    await new_producer("the-id-" + tp.topic)
    with pytest.raises(ProducerFenced):
        await send(first, tp, b"of the first")
    with pytest.raises(AssertionError):
        await first.abort_transaction()
    with pytest.raises(AssertionError):
        await first.begin_transaction()


async def test_start_returns_when_the_open_transaction_before_is_aborted(tp, new_producer, new_consumer):
    """A worker that starts again has left nothing open when it joins its group."""
    group = uuid.uuid4().hex
    consumer = await new_consumer(tp, group=group, _isolation_level="read_committed")
    first = await new_producer("the-id-" + tp.topic)
    await first.begin_transaction()
    await send(first, tp, b"of the first")
    await first.send_offsets_to_transaction({tp: 5}, group)
    assert await consumer.end_offsets([tp]) == {tp: 0}
    await new_producer("the-id-" + tp.topic)
    assert await consumer.end_offsets([tp]) == {tp: 2}
    assert await consumer.committed(tp) is None
    assert await read_to(consumer, tp, 2) == []


async def test_start_leaves_what_the_producer_before_committed(cluster, tp, new_producer, new_consumer):
    group = uuid.uuid4().hex
    first = await new_producer("the-id-" + tp.topic)
    await first.begin_transaction()
    await send(first, tp, b"of the first")
    await first.send_offsets_to_transaction({tp: 5}, group)
    await first.commit_transaction()
    await new_producer("the-id-" + tp.topic)
    assert [record.value for record in await cluster.read(tp.topic)] == [b"of the first"]
    assert await (await new_consumer(tp, group=group)).committed(tp) == 5


# Epochs


async def test_a_producer_that_is_told_it_has_no_id_asks_for_it_again(cluster, tp, new_producer):
    """`renewing`: the same id with the next epoch, whose sequence numbers begin anew."""
    producer = await new_producer()
    manager = producer._txn_manager
    await commit(producer, tp, b"one", b"two")
    assert manager.state is TransactionState.READY
    assert manager._sequence_numbers == {tp: 2}
    id_, epoch = manager._pid_and_epoch
    assert (id_, epoch) == (manager.producer_id, manager.producer_epoch)
    manager.state = TransactionState.UNINITIALIZED
    manager._pid_and_epoch, manager._pid_waiter = manager._pid_and_epoch._replace(pid=-1, epoch=-1), create_future()
    manager._sequence_numbers.clear()
    manager.notify_task_waiter()
    await asyncio.wait_for(manager.wait_for_pid(), 20)
    assert (manager.producer_id, manager.producer_epoch) == (id_, epoch + 1)
    assert manager.state is TransactionState.READY
    await commit(producer, tp, b"three")
    assert manager._sequence_numbers == {tp: 1}
    await until(lambda: held_back(cluster, tp, False))
    assert [record.value for record in await cluster.read(tp.topic)] == [b"one", b"two", b"three"]


async def test_a_sequence_number_out_of_order_is_refused(tp, new_producer):
    """They must be cleared with a new epoch, and only then."""
    producer = await new_producer()
    await commit(producer, tp, b"one")
    producer._txn_manager._sequence_numbers[tp] = 7
    await producer.begin_transaction()
    with pytest.raises(KafkaError):
        await asyncio.wait_for(send(producer, tp, b"two"), 20)


async def test_a_sender_that_ended_says_why(tp, new_producer):
    """`renewing` waits for an id, or for this."""
    first = await new_producer("the-id-" + tp.topic)
    assert not first._sender.sender_task.done()
    await first.begin_transaction()
    await send(first, tp, b"of the first")
    await new_producer("the-id-" + tp.topic)
    with pytest.raises(ProducerFenced):
        await asyncio.wait_for(first.commit_transaction(), 20)
    with pytest.raises(ProducerFenced):
        await first._sender.sender_task


# Membership


async def test_the_coordinator_knows_member_and_generation_until_it_leaves(kafka, cluster, tp):
    """What names no member is not checked by the group, so it is not sent."""
    async with member(kafka, tp.topic, uuid.uuid4().hex, client_id="the-client") as joined:
        coordinator = joined.consumer._coordinator
        (membership,) = joined.memberships
        assert membership.member.startswith("the-client-")
        assert membership.generation == coordinator.generation == 1
    assert (coordinator.member_id, coordinator.generation) == ("", -1)
