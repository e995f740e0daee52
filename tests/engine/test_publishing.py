"""Publishing: how a transaction is cut into batches, and in which order its steps go. No broker takes part."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import aiokafka
import pytest

from correlator.engine import MAX_BATCH, Message, Producer, publishing
from correlator.engine.impatient import ImpatientClient
from correlator.engine.offsets import NotOurs, Refused
from correlator.engine.publishing import RENEW_AFTER, Entries, Offsets
from correlator.engine.slices import Changes, TopicPartition
from tests.engine.fakes import INPUT, MEMBER, Clock, settled

CHANGELOG = TopicPartition("changelog", 3)
OFFSETS = Offsets(MEMBER, {INPUT: 42, TopicPartition("input", 4): 7})


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
    """A producer of the product around aiokafka's own, but for what would ask a broker."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ours = Producer("unit-worker:one", {"bootstrap_servers": "127.0.0.1:1"}, timeout=12, max_batch=MAX_BATCH)
        self.producer = self.ours._producer
        self.said: list[Any] = []
        self.batches: list[tuple[TopicPartition, Batch]] = []
        self.deliveries: list[asyncio.Future[Any]] = []
        self.deliver_at_once = True
        self.fails: dict[str, Exception] = {}
        self._create = self.producer.create_batch
        self.producer.create_batch = lambda: Batch(self._create())
        self.producer.begin_transaction = self._step("begin")
        self.producer.commit_transaction = self._step("commit")
        self.producer.abort_transaction = self._step("abort")
        self.producer.send_batch = self._send_batch
        monkeypatch.setattr(publishing, "commit_in_the_name_of", self._step("offsets"))
        monkeypatch.setattr(publishing, "renew", self._step("renew"))

    def _step(self, name: str) -> Any:
        async def step(*arguments: Any) -> None:
            await asyncio.sleep(0)
            self.said.append((name, *(argument for argument in arguments if argument is not self.producer)))
            if name in self.fails:
                raise self.fails[name]

        return step

    async def commit(
        self, messages: Sequence[Message] = (), changes: Changes | None = None, offsets: Offsets | None = OFFSETS
    ) -> Mapping[TopicPartition, int]:
        return await self.ours.commit(messages, [Entries(CHANGELOG, changes)] if changes else [], offsets)

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
async def around(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Around]:
    around = Around(monkeypatch)
    yield around
    await around.ours.stop()


def messages(*to: tuple[str, int], size: int = 5) -> Sequence[Message]:
    return [
        Message(topic, partition, b"%d" % n, b"v" * size, [("n", b"%d" % n)]) for n, (topic, partition) in enumerate(to)
    ]


async def test_the_producer_and_its_connections_are_called_by_its_id(around):
    manager = around.producer._txn_manager
    assert manager.transactional_id == around.ours.client._client_id == "unit-worker:one"
    assert manager.transaction_timeout_ms == 12_000


@pytest.mark.parametrize(
    ("messages_to", "changes", "offsets", "steps"),
    [
        (2, {b"a": b"1"}, OFFSETS, ["begin", "send", "send", "send", "offsets", "commit"]),
        (2, None, OFFSETS, ["begin", "send", "send", "offsets", "commit"]),
        (0, {b"a": b"1"}, OFFSETS, ["begin", "send", "offsets", "commit"]),
        (0, None, OFFSETS, ["begin", "offsets", "commit"]),
        (1, {b"a": b"1"}, None, ["begin", "send", "send", "commit"]),
    ],
)
async def test_the_steps_of_a_transaction(around, messages_to, changes, offsets, steps):
    await around.commit(messages(*(("out", to) for to in range(messages_to))), changes, offsets)
    assert around.steps == steps


async def test_the_offsets_of_all_inputs_are_sent_in_the_name_of_the_member(around):
    await around.commit()
    assert around.said[1] == ("offsets", MEMBER, OFFSETS.ends)


async def test_messages_keep_their_order_in_each_partition(around):
    to = [("out", 0), ("out", 1), ("out", 0), ("other", 0), ("out", 1), ("out", 0)]
    await around.commit(messages(*to))
    assert [key for key, _, _ in around.rows(TopicPartition("out", 0))] == [b"0", b"2", b"5"]
    assert [key for key, _, _ in around.rows(TopicPartition("out", 1))] == [b"1", b"4"]
    assert around.rows(TopicPartition("other", 0)) == [(b"3", b"vvvvv", [("n", b"3")])]
    assert len(around.batches) == 3


async def test_changes_go_to_the_changelog_a_deletion_as_a_tombstone(around):
    await around.commit(changes={b"a": b"1", b"b": None})
    assert around.rows(CHANGELOG) == [(b"a", b"1", []), (b"b", None, [])]


async def test_batches_are_split_where_the_broker_would_refuse_them(around):
    count, size = 25, MAX_BATCH // 10
    await around.commit(messages(*[("out", 0)] * count, size=size))
    assert [key for key, _, _ in around.rows(TopicPartition("out", 0))] == [b"%d" % n for n in range(count)]
    assert [batch.record_count() for _, batch in around.batches] == [9, 9, 7]
    assert all(batch.size() <= MAX_BATCH for _, batch in around.batches)


async def test_a_message_that_is_larger_than_a_batch_is_one_of_its_own(around):
    rows = [*messages(("out", 0)), *messages(("out", 0), size=2 * MAX_BATCH), *messages(("out", 0))]
    await around.commit(rows)
    assert [batch.record_count() for _, batch in around.batches] == [1, 1, 1]


async def test_the_offset_of_the_last_change_is_told_of_each_changelog(around):
    """Also where one takes several batches, and the others one each."""
    counts = {TopicPartition("changelog", 0): 1, TopicPartition("changelog", 1): 25, TopicPartition("other", 0): 2}
    entries = [Entries(to, {b"%d" % n: bytes(MAX_BATCH // 10) for n in range(count)}) for to, count in counts.items()]
    changed = await around.ours.commit(messages(("out", 0)), entries, OFFSETS)
    assert changed == {to: 100 + count - 1 for to, count in counts.items()}
    assert len(around.batches) == 1 + 3 + 1 + 1


async def test_without_changes_there_is_no_offset(around):
    assert await around.commit(messages(("out", 0))) == {}


async def test_every_delivery_is_awaited_before_the_offsets(around):
    around.deliver_at_once = False
    publishing = asyncio.create_task(around.commit(messages(("out", 0), ("out", 1)), {b"a": b"1"}))
    await settled()
    assert around.steps == ["begin", "send", "send", "send"]
    around.deliver(0)
    around.deliver(2)
    await settled()
    assert "offsets" not in around.steps
    around.deliver(1)
    assert await publishing == {CHANGELOG: 100}
    assert around.steps[-2:] == ["offsets", "commit"]


@pytest.mark.parametrize("failed", [0, 1, 2])
async def test_a_batch_that_fails_is_told_and_nothing_is_committed(around, failed):
    around.deliver_at_once = False
    publishing = asyncio.create_task(around.commit(messages(("out", 0), ("out", 1)), {b"a": b"1"}))
    await settled()
    for index in range(3):
        if index == failed:
            around.deliveries[index].set_exception(OSError("refused"))
        else:
            around.deliver(index)
    with pytest.raises(OSError, match="refused"):
        await publishing
    assert around.steps == ["begin", "send", "send", "send"]


@pytest.mark.parametrize("refusal", [NotOurs("others have it"), Refused("Kafka's error code 12")])
@pytest.mark.parametrize("at_the_abort", [None, OSError("it breaks, too")])
async def test_what_the_group_refuses_is_aborted(around, refusal, at_the_abort):
    """Nobody takes over from who has lost its partitions already: readers would wait for the timeout."""
    around.fails = {"offsets": refusal} | ({"abort": at_the_abort} if at_the_abort else {})
    with pytest.raises(type(refusal), match=str(refusal)):
        await around.commit(messages(("out", 0)))
    assert around.steps == ["begin", "send", "offsets", "abort"]


async def test_an_abort_that_is_not_answered_keeps_nobody_waiting(around, monkeypatch):
    async def hangs() -> None:
        await asyncio.Event().wait()

    around.fails = {"offsets": NotOurs("others have it")}
    around.producer.abort_transaction = hangs
    monkeypatch.setattr(publishing, "ABORT_TIMEOUT", 0.01)
    with pytest.raises(NotOurs, match="others have it"):
        await around.commit(messages(("out", 0)))


async def test_after_a_request_without_answer_the_next_transaction_has_another_epoch(around):
    client = around.ours.client
    assert isinstance(client, ImpatientClient)
    await around.commit()
    client.unanswered += 2
    await around.commit()
    await around.commit()
    usual = ["begin", "offsets", "commit"]
    assert around.steps == [*usual, "renew", *usual, *usual]


async def test_an_id_that_was_not_used_for_long_is_asked_for_again_before_the_next_transaction(monkeypatch):
    """Brokers forget one after ``transactional.id.expiration.ms``, a week by default."""
    clock = Clock(monkeypatch, publishing)
    around, usual = Around(monkeypatch), ["begin", "offsets", "commit"]
    for silence, steps in [
        (RENEW_AFTER, usual),  # since its start
        (RENEW_AFTER, usual),
        (RENEW_AFTER + 1, ["renew", *usual]),
        (RENEW_AFTER, usual),
        (10 * RENEW_AFTER, ["renew", *usual]),
    ]:
        clock.now += silence
        around.said.clear()
        await around.commit()
        assert around.steps == steps
    await around.ours.stop()
