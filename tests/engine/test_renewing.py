"""A new epoch after a request without answer: it may arrive yet, and must not find its transaction's successor."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka.client import ConnectionGroup, CoordinationType
from aiokafka.conn import CloseReason
from aiokafka.errors import InvalidProducerEpoch, TransactionalIdAuthorizationFailed, for_code
from aiokafka.protocol.transaction import EndTxnRequest

from correlator.engine import MAX_BATCH, Message, Producer
from correlator.engine.impatient import ImpatientClient, unanswered
from correlator.engine.publishing import Offsets
from correlator.engine.renewing import renew
from correlator.engine.requests import TxnOffsetCommit
from correlator.engine.slices import TopicPartition
from tests.engine.kafka import Cluster, Member, member, until


class CutOff(ImpatientClient):
    """A client whose connection is closed when a request of a kind was sent, before its answer: once."""

    cut: str | None = None

    async def send(self, node_id: Any, request: Any, *, group: ConnectionGroup = ConnectionGroup.DEFAULT) -> Any:
        if type(request).__name__ != self.cut:
            return await super().send(node_id, request, group=group)
        self.cut = None
        connection = await self._get_conn(node_id, group=group)
        asking = asyncio.ensure_future(super().send(node_id, request, group=group))
        while not connection._requests:
            await asyncio.sleep(0)
        connection.close(reason=CloseReason.CONNECTION_BROKEN)
        return await asking


class Around:
    """A producer of the product, and a member of a group, in whose name it commits offsets."""

    def __init__(self, cluster: Cluster, producer: Producer, joined: Member, topic: str) -> None:
        self.cluster, self.producer, self.joined, self.topic = cluster, producer, joined, topic
        assert isinstance(producer.client, ImpatientClient)
        self.client = producer.client
        self.client.__class__ = CutOff
        self.aiokafka = producer._producer
        self.manager = self.aiokafka._txn_manager

    async def commit(self, end: int) -> None:
        membership = self.joined.memberships[0]
        messages = [Message(self.topic, 0, None, b"%d" % end, [])]
        await self.producer.commit(messages, (), Offsets(membership, {TopicPartition(self.topic, 0): end}))

    @property
    def epoch(self) -> tuple[int, int]:
        return self.manager.producer_id, self.manager.producer_epoch

    async def settles_at(self, end: int) -> None:
        async def there() -> bool:
            committed = await self.cluster.committed(self.joined.memberships[0].group, self.topic)
            return committed == [end] and not await self.cluster.holds_back(self.topic)

        await until(there)


@pytest.fixture
async def around(cluster: Cluster) -> AsyncIterator[Around]:
    id_, client = uuid.uuid4().hex, {"bootstrap_servers": cluster.brokers}
    await cluster.create(f"{id_}-topic", partitions=1)
    producer = Producer(id_, client, timeout=60, max_batch=MAX_BATCH)
    await producer.start()
    async with member(cluster.brokers, f"{id_}-topic", id_) as joined:
        yield Around(cluster, producer, joined, f"{id_}-topic")
    await producer.stop()


async def test_an_epoch_lasts_while_all_is_answered(around: Around):
    before = around.epoch
    for end in (1, 2, 3):
        await around.commit(end)
    assert around.epoch == before
    assert list(around.manager._sequence_numbers.values()) == [3]


REQUESTS = [
    "AddPartitionsToTxnRequest",
    "ProduceRequest",
    "AddOffsetsToTxnRequest",
    "TxnOffsetCommit",
    "EndTxnRequest",
]


@pytest.mark.parametrize("request_", REQUESTS)
async def test_after_a_connection_that_broke_all_goes_on_under_the_next_epoch(around: Around, request_: str):
    await around.commit(1)
    producer_id, epoch = around.epoch
    around.client.cut = request_
    await around.commit(2)
    assert around.client.cut is None
    assert unanswered(around.client) > 0
    assert around.epoch == (producer_id, epoch)  # sent again within the same transaction, which is what it belongs to
    for end in (3, 4):
        await around.commit(end)
    assert around.epoch == (producer_id, epoch + 1)
    assert list(around.manager._sequence_numbers.values()) == [2]  # they begin anew with an epoch
    await around.settles_at(4)
    assert [record.value for record in await around.cluster.read(around.topic)] == [b"1", b"2", b"3", b"4"]


async def test_what_arrives_late_is_refused(around: Around):
    """Under the same epoch, it would end the transaction half-way, and set the offset back."""
    await around.commit(1)
    old = around.epoch
    around.client.unanswered += 1
    await around.commit(2)
    producer, group = around.aiokafka, around.joined.memberships[0].group
    await producer.begin_transaction()
    await producer.send_and_wait(around.topic, b"open", partition=0)
    client, id_ = around.client, around.manager.transactional_id

    async def arrives(of: int, key: str, request: Any) -> Any:
        node = await client.coordinator_lookup(of, key)
        return await client.send(node, request, group=ConnectionGroup.COORDINATION)

    commit = EndTxnRequest(id_, *old, True)
    late: Any = TxnOffsetCommit(id_, old, around.joined.memberships[0], {TopicPartition(around.topic, 0): 1})
    ended = await arrives(CoordinationType.TRANSACTION, id_, commit)
    assert for_code(ended.error_code) is InvalidProducerEpoch
    ((_, ((_, code, _),), _),) = (await arrives(CoordinationType.GROUP, group, late)).topics
    assert for_code(code) is InvalidProducerEpoch
    assert await around.cluster.holds_back(around.topic)  # the transaction is as open as it was
    await producer.abort_transaction()
    await around.settles_at(2)


async def test_several_requests_without_answer_are_one_reason(around: Around):
    _, epoch = around.epoch
    around.client.unanswered += 3
    for end in (1, 2):
        await around.commit(end)
    assert around.epoch[1] == epoch + 1


async def test_a_producer_that_never_had_a_transaction_may_be_renewed(around: Around):
    _, epoch = around.epoch
    await renew(around.aiokafka)
    await renew(around.aiokafka)
    assert around.epoch[1] == epoch + 2
    await around.commit(1)
    await around.settles_at(1)


async def test_what_the_sender_ends_of_is_told(around: Around, monkeypatch: pytest.MonkeyPatch):
    """And not waited for without end: an id that is not permitted any more, for example."""

    async def refused(_: int) -> bool:
        raise TransactionalIdAuthorizationFailed("the id")

    await around.commit(1)
    monkeypatch.setattr(around.aiokafka._sender, "_do_init_pid", refused)
    around.client.unanswered += 1
    with pytest.raises(TransactionalIdAuthorizationFailed):
        await asyncio.wait_for(around.commit(2), 20)
    await around.settles_at(1)
    around.manager.wait_for_transaction_end().exception()  # asyncio would complain of it
    await around.producer.abandon()
