"""Offsets are committed in the name of a member, and fenced by the group's refusals. Most tests use a real broker."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.client import CoordinationType
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    KafkaError,
    ProducerFenced,
    TransactionalIdAuthorizationFailed,
)
from aiokafka.producer.transaction_manager import TransactionManager
from aiokafka.structs import OffsetAndMetadata
from aiokafka.structs import TopicPartition as Partition

from correlator.engine import MAX_BATCH, Message, Producer
from correlator.engine.membership import Membership
from correlator.engine.offsets import REFUSALS, NotOurs, Refused, _MembersOffsets, _MembersSender
from correlator.engine.publishing import Offsets
from correlator.engine.slices import TopicPartition
from tests.engine.kafka import Cluster, Member, member, until

PARTITIONS = 2
INSTANCE = "the-instance"


class Around:
    """A group that reads a topic, and a producer that commits its offsets beside a record to another topic."""

    def __init__(self, cluster: Cluster, producer: Producer) -> None:
        self.cluster, self.producer = cluster, producer
        self.group = uuid.uuid4().hex
        self.input, self.output = f"{self.group}-input", f"{self.group}-output"

    async def commit(self, membership: Membership, end: int, *, partitions: int = PARTITIONS) -> None:
        ends = {TopicPartition(self.input, number): end for number in range(partitions)}
        await self.producer.commit([Message(self.output, 0, None, b"%d" % end, [])], (), Offsets(membership, ends))

    async def committed(self) -> list[int | None]:
        return await self.cluster.committed(self.group, self.input)

    async def published(self) -> list[bytes | None]:
        return [record.value for record in await self.cluster.read(self.output)]

    async def settles_at(self, end: int) -> None:
        """Wait for a transaction's markers, which come a moment after its commit."""

        async def there() -> bool:
            return await self.committed() == [end] * PARTITIONS and not await self.cluster.holds_back(self.output)

        await until(there)


@pytest.fixture
async def around(cluster: Cluster) -> AsyncIterator[Around]:
    client = {"bootstrap_servers": cluster.brokers}
    producer = Producer(uuid.uuid4().hex, client, timeout=60, max_batch=MAX_BATCH)
    around = Around(cluster, producer)
    await cluster.create(around.input, around.output, partitions=PARTITIONS)
    await producer.start()
    yield around
    await producer.stop()


@pytest.fixture
async def joined(around: Around) -> AsyncIterator[Member]:
    """A static member of the group."""
    async with member(around.cluster.brokers, around.input, around.group, instance=INSTANCE) as joined:
        yield joined


async def test_a_members_offsets_of_all_partitions_are_committed_with_the_records(around: Around, joined: Member):
    (membership,) = joined.memberships
    assert membership.instance == INSTANCE
    for end in (5, 7):
        await around.commit(membership, end)
        await around.settles_at(end)
    assert await around.published() == [b"5", b"7"]


REFUSED = {
    "an older generation": "the group has gone on to another generation (ILLEGAL_GENERATION)",
    "a newer generation": "the group has gone on to another generation (ILLEGAL_GENERATION)",
    "a member that was never there": "the group no longer knows this member (UNKNOWN_MEMBER_ID)",
    "a member that another process replaced": "another process has the instance id (FENCED_INSTANCE_ID)",
    "no generation": "the group took this member out while it was taking partitions over",
    "no member": "the group took this member out while it was taking partitions over",
}


def wrong(membership: Membership, what: str) -> Membership:
    return {
        "an older generation": membership._replace(generation=membership.generation - 1),
        "a newer generation": membership._replace(generation=membership.generation + 1),
        "a member that was never there": membership._replace(member="nobody", instance=None),
        "a member that another process replaced": membership._replace(member="the-one-before"),
        "no generation": membership._replace(generation=-1),
        "no member": membership._replace(member="", instance=None),
    }[what]


@pytest.mark.parametrize(("what", "sentence"), REFUSED.items(), ids=REFUSED)
async def test_refused_are_offsets_in_the_name_of(around: Around, joined: Member, what: str, sentence: str, caplog):
    (membership,) = joined.memberships
    await around.commit(membership, 5)
    await around.settles_at(5)
    with pytest.raises(NotOurs) as error:
        await around.commit(wrong(membership, what), 9)
    assert str(error.value) == sentence
    await around.settles_at(5)  # aborted at once: nothing is held back, or pending
    assert await around.published() == [b"5"]
    loud = {record.name for record in caplog.records if record.levelname == "ERROR"}
    assert not loud & {"asyncio", "aiokafka.producer.sender"}  # it is told where it can be caught, and only there


async def test_refused_are_offsets_in_the_name_of_who_has_left(around: Around):
    async with member(around.cluster.brokers, around.input, around.group) as left:
        pass
    with pytest.raises(NotOurs, match=r"no longer knows this member \(UNKNOWN_MEMBER_ID\)"):
        await around.commit(left.memberships[0], 5)
    assert await around.published() == []


async def test_a_beat_may_be_finished_while_others_wait_to_join_and_not_later(around: Around):
    """The group waits for all its members; each finishes what it has in hand before it joins again."""
    brokers, finished = around.cluster.brokers, asyncio.Event()
    async with member(brokers, around.input, around.group) as one:
        (membership,) = one.memberships

        async def finish() -> None:
            if not finished.is_set():
                await around.commit(membership, 5)
                finished.set()

        one.when_revoked = finish
        async with member(brokers, around.input, around.group):
            assert finished.is_set()
            await until(lambda: len(one.memberships) == 2)
            with pytest.raises(NotOurs, match="gone on to another generation"):
                await around.commit(membership, 9)
            await around.commit(one.memberships[1], 7)
            await around.settles_at(7)
    assert await around.published() == [b"5", b"7"]


async def test_what_names_no_member_is_not_checked(around: Around, joined: Member):
    """Hence it is refused before it is sent: with generation -1 and no member, a broker takes it from anyone."""
    (membership,) = joined.memberships
    producer = around.producer._producer
    sender = producer._sender
    sender.__class__, sender.membership = _MembersSender, Membership(membership.group, -1, "", None)
    await producer.begin_transaction()
    ends = {Partition(around.input, number): 5 for number in range(PARTITIONS)}
    await producer.send_offsets_to_transaction(ends, membership.group)
    await producer.commit_transaction()
    await around.settles_at(5)


# What a broker may answer


class Answered:
    """Offsets of a transaction that were sent, and what becomes of them when a broker answers."""

    def __init__(self) -> None:
        self.manager: Any = TransactionManager("unit-worker:one", 60_000)
        self.manager.set_pid_and_epoch(1, 0)
        self.manager.begin_transaction()
        offsets = {Partition("input", number): OffsetAndMetadata(5, "") for number in range(PARTITIONS)}
        self.committed = self.manager.add_offsets_to_txn(offsets, "unit")
        self.looked_for: list[int] = []
        """Coordinators that are looked for again."""
        self._sender: Any = SimpleNamespace(
            _txn_manager=self.manager, _retry_backoff=0.1, _coordinator_dead=self.looked_for.append
        )
        self._handler: Any = _MembersOffsets

    def answer(self, *codes: int) -> float | None:
        """An error code of each partition. Returns after how many seconds they are sent again."""
        (_, offsets, _), *_ = self.manager._pending_txn_offsets
        response = SimpleNamespace(topics=[("input", [(number, code, {}) for number, code in enumerate(codes)], {})])
        again: float | None = self._handler(self._sender, offsets, "unit").handle_response(response)
        return again

    @property
    def refusal(self) -> BaseException | None:
        """What the producer is told, if it is told anything."""
        return self.committed.exception() if self.committed.done() else None


@pytest.fixture
async def answered() -> Answered:
    return Answered()


OTHERS = [-1, 12, 28, 48, 49, 51, 90, 99, 12_345]
"""Offsets' metadata that is too large, a producer id that is forgotten, …, and what Kafka may come to say."""


async def test_offsets_of_all_partitions_are_taken(answered: Answered):
    assert answered.answer(0, 0) is None
    assert answered.committed.done()
    assert answered.refusal is None


@pytest.mark.parametrize("codes", [(1, 0), (0, 1), (1, 1)], ids=["the first", "the second", "both"])
@pytest.mark.parametrize("code", [*REFUSALS, *OTHERS])
async def test_what_stays_is_refused_of_any_partition(answered: Answered, code: int, codes: tuple[int, ...]):
    """aiokafka would end its sender, and say no more than that the error is unexpected."""
    assert answered.answer(*(code * refused for refused in codes)) is None
    assert isinstance(answered.refusal, Refused)
    assert isinstance(answered.refusal, NotOurs) == (code in {22, 25, 27, 82})
    assert str(answered.refusal) == REFUSALS.get(code, f"Kafka's error code {code}")
    assert not answered.manager._pending_txn_offsets, "aiokafka waits for what is pending before it aborts"
    assert answered.manager.is_in_transaction(), "so that it can be aborted"


@pytest.mark.parametrize(
    ("code", "looks"),
    [(3, False), (7, True), (14, False), (15, True), (16, True)],
    ids=["no such topic yet", "timed out", "loading", "not available", "not the coordinator"],
)
async def test_what_passes_is_sent_again_and_no_more_than_that(answered: Answered, code: int, looks: bool):
    assert answered.answer(0, code) == pytest.approx(0.1)
    assert not answered.committed.done()
    assert answered.looked_for == [CoordinationType.GROUP] * looks
    (_, pending, _), *_ = answered.manager._pending_txn_offsets
    assert set(pending) == {Partition("input", 1)}


async def test_what_passes_of_one_partition_does_not_hide_what_stays_of_another(answered: Answered):
    assert answered.answer(14, 22) is None
    assert isinstance(answered.refusal, NotOurs)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (30, GroupAuthorizationFailedError),
        (47, ProducerFenced),
        (53, TransactionalIdAuthorizationFailed),
    ],
)
async def test_what_aiokafka_has_a_name_for_it_tells_by_that(answered: Answered, code: int, error: type[KafkaError]):
    try:
        answered.answer(0, code)
    except error:
        return
    assert isinstance(answered.refusal, error)
