"""Publishing: how a transaction is cut into batches, and in which order its steps go. No broker takes part."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiokafka
import pytest

from correlator.engine import Message, Step
from correlator.engine.publishing import MAX_BATCH, Publisher
from correlator.engine.slices import TopicPartition
from tests.engine.fakes import INPUT, settled

CHANGELOG = TopicPartition("changelog", 3)
GROUP = "the-group"


class Batch:
    """A batch that tells what it holds; it is full when the real one is."""

    def __init__(self, real: Any) -> None:
        self.real = real
        self.rows: list[tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]] = []

    def append(self, *, timestamp: Any, key: Any, value: Any, headers: Any) -> Any:
        added = self.real.append(timestamp=timestamp, key=key, value=value, headers=headers)
        if added is not None:
            self.rows.append((key, value, headers))
        return added

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


class Around:
    """A publisher whose producer is aiokafka's own, but for what would ask a broker."""

    def __init__(self) -> None:
        self.publisher = Publisher(INPUT, GROUP, {"bootstrap_servers": "127.0.0.1:1"}, timeout=12, max_batch=MAX_BATCH)
        self.producer = self.publisher._producer
        self.said: list[Any] = []
        self.batches: list[tuple[TopicPartition, Batch]] = []
        self.deliveries: list[asyncio.Future[Any]] = []
        self.deliver_at_once = True
        self._create = self.producer.create_batch
        self.producer.create_batch = lambda: Batch(self._create())
        self.producer.begin_transaction = self._step("begin")
        self.producer.send_offsets_to_transaction = self._step("offsets")
        self.producer.commit_transaction = self._step("commit")
        self.producer.send_batch = self._send_batch

    def _step(self, name: str) -> Any:
        async def step(*arguments: Any) -> None:
            await asyncio.sleep(0)
            self.said.append((name, *arguments))

        return step

    async def _send_batch(self, batch: Batch, topic: str, *, partition: int) -> asyncio.Future[Any]:
        await asyncio.sleep(0)
        assert batch.real.closed()
        tp = TopicPartition(topic, partition)
        offset = 100 + sum(len(sent.rows) for to, sent in self.batches if to == tp)
        self.batches.append((tp, batch))
        self.said.append(("send", tp))
        delivery = asyncio.get_running_loop().create_future()
        delivery.offset = offset
        self.deliveries.append(delivery)
        if self.deliver_at_once:
            self.deliver(-1)
        return delivery

    def deliver(self, index: int) -> None:
        delivery: Any = self.deliveries[index]
        delivery.set_result(aiokafka.structs.RecordMetadata("", 0, None, delivery.offset, 0, 0, 0))

    def rows(self, to: TopicPartition) -> list[Any]:
        return [row for sent_to, batch in self.batches if sent_to == to for row in batch.rows]

    @property
    def steps(self) -> list[str]:
        return [step for step, *_ in self.said]


@pytest.fixture
async def around() -> AsyncIterator[Around]:
    around = Around()
    yield around
    await around.publisher.stop()


def messages(*to: tuple[str, int], size: int = 5) -> Sequence[Message]:
    return [
        Message(topic, partition, b"%d" % n, b"v" * size, [("n", b"%d" % n)]) for n, (topic, partition) in enumerate(to)
    ]


async def test_the_producer_is_the_input_partitions_own(around):
    manager = around.producer._txn_manager
    assert manager.transactional_id == "the-group-input-3"
    assert manager.transaction_timeout_ms == 12_000


async def test_the_steps_of_a_transaction(around):
    transaction = Step(messages(("out", 0), ("out", 1)), {b"a": b"1"}, 42)
    await around.publisher.publish(transaction, CHANGELOG)
    assert around.steps == ["begin", "send", "send", "send", "offsets", "commit"]
    assert around.said[-2] == ("offsets", {aiokafka.TopicPartition("input", 3): 42}, GROUP)


async def test_offsets_alone(around):
    assert await around.publisher.publish(Step((), {}, 42), CHANGELOG) is None
    assert around.steps == ["begin", "offsets", "commit"]


async def test_messages_keep_their_order_in_each_partition(around):
    to = [("out", 0), ("out", 1), ("out", 0), ("other", 0), ("out", 1), ("out", 0)]
    await around.publisher.publish(Step(messages(*to), {}, 42), None)
    assert [key for key, _, _ in around.rows(TopicPartition("out", 0))] == [b"0", b"2", b"5"]
    assert [key for key, _, _ in around.rows(TopicPartition("out", 1))] == [b"1", b"4"]
    assert around.rows(TopicPartition("other", 0)) == [(b"3", b"vvvvv", [("n", b"3")])]
    assert len(around.batches) == 3


async def test_changes_go_to_the_changelog_a_deletion_as_a_tombstone(around):
    await around.publisher.publish(Step((), {b"a": b"1", b"b": None}, 42), CHANGELOG)
    assert around.rows(CHANGELOG) == [(b"a", b"1", []), (b"b", None, [])]


async def test_batches_are_split_where_the_broker_would_refuse_them(around):
    count, size = 25, MAX_BATCH // 10
    await around.publisher.publish(Step(messages(*[("out", 0)] * count, size=size), {}, 42), None)
    assert [key for key, _, _ in around.rows(TopicPartition("out", 0))] == [b"%d" % n for n in range(count)]
    assert [batch.record_count() for _, batch in around.batches] == [9, 9, 7]
    assert all(batch.size() <= MAX_BATCH for _, batch in around.batches)


async def test_a_message_that_is_larger_than_a_batch_is_one_of_its_own(around):
    rows = [*messages(("out", 0)), *messages(("out", 0), size=2 * MAX_BATCH), *messages(("out", 0))]
    await around.publisher.publish(Step(rows, {}, 42), None)
    assert [batch.record_count() for _, batch in around.batches] == [1, 1, 1]


async def test_the_offset_of_the_last_change_is_told(around):
    changes: dict[bytes, bytes | None] = {b"%d" % n: bytes(MAX_BATCH // 10) for n in range(25)}
    assert await around.publisher.publish(Step(messages(("out", 0)), changes, 42), CHANGELOG) == 100 + 25 - 1
    assert len(around.batches) > 3


async def test_without_changes_there_is_no_offset(around):
    assert await around.publisher.publish(Step(messages(("out", 0)), {}, 42), CHANGELOG) is None


async def test_every_delivery_is_awaited_before_the_offsets(around):
    around.deliver_at_once = False
    transaction = Step(messages(("out", 0), ("out", 1)), {b"a": b"1"}, 42)
    publishing = asyncio.create_task(around.publisher.publish(transaction, CHANGELOG))
    await settled()
    assert around.steps == ["begin", "send", "send", "send"]
    around.deliver(0)
    around.deliver(2)
    await settled()
    assert "offsets" not in around.steps
    around.deliver(1)
    assert await publishing == 100
    assert around.steps[-2:] == ["offsets", "commit"]


@pytest.mark.parametrize("failed", [0, 1, 2])
async def test_a_batch_that_fails_is_told_and_nothing_is_committed(around, failed):
    around.deliver_at_once = False
    transaction = Step(messages(("out", 0), ("out", 1)), {b"a": b"1"}, 42)
    publishing = asyncio.create_task(around.publisher.publish(transaction, CHANGELOG))
    await settled()
    for index in range(3):
        if index == failed:
            around.deliveries[index].set_exception(OSError("refused"))
        else:
            around.deliver(index)
    with pytest.raises(OSError, match="refused"):
        await publishing
    assert around.steps == ["begin", "send", "send", "send"]
