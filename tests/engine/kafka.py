"""Helpers for what the tests ask of a broker."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.errors import KafkaError

from correlator.engine.membership import Membership

PATIENCE = 60.0
"""Seconds that a test waits for anything: far more than it should take, even on a busy machine."""


class Row(NamedTuple):
    """A record to write."""

    partition: int
    key: bytes | None
    value: bytes | None


class Cluster:
    """A broker, with a connection to manage topics and one to write."""

    def __init__(self, brokers: str, admin: AIOKafkaAdminClient, producer: AIOKafkaProducer) -> None:
        self.brokers, self._admin, self._producer = brokers, admin, producer

    async def create(self, *names: str, partitions: int = 4, replication: int = 1, **config: str) -> None:
        configs = {name.replace("_", "."): value for name, value in config.items()}
        new = [NewTopic(name, partitions, replication, topic_configs=configs) for name in names]
        response = await self._admin.create_topics(new)
        assert all(error[1] == 0 for error in response.topic_errors), response
        for name in names:
            await until(lambda name=name: self._is_there(name, partitions))

    async def delete(self, name: str) -> None:
        await self._admin.delete_topics([name])
        await until(lambda: self._is_there(name, 0))

    async def delete_before(self, topic: str, offset: int) -> None:
        """Delete each partition's records before the offset, as retention does."""
        async with self.reader(topic) as (_, tps):
            await self._admin.delete_records({tp: RecordsToDelete(before_offset=offset) for tp in tps})

    async def _is_there(self, name: str, partitions: int) -> bool:
        return len((await self._admin.describe_topics([name]))[0]["partitions"]) == partitions

    async def topics(self) -> set[str]:
        return set(await self._admin.list_topics())

    async def write(self, topic: str, rows: Iterable[Row]) -> None:
        """Write rows, in order, and return when the broker has them."""
        sent = [await self._producer.send(topic, row.value, row.key, row.partition) for row in rows]
        await asyncio.gather(*sent)

    async def ends(self, topic: str, isolation_level: str = "read_committed") -> list[int]:
        """The end of each partition, for a reader of committed records or of all records."""
        async with self.reader(topic, isolation_level) as (consumer, tps):
            ends = await consumer.end_offsets(tps)
            return [ends[tp] for tp in tps]

    async def holds_back(self, topic: str) -> bool:
        """Whether an open transaction keeps records from readers of committed ones."""
        return await self.ends(topic) != await self.ends(topic, "read_uncommitted")

    async def read(self, topic: str, isolation_level: str = "read_committed") -> list[ConsumerRecord[Any, Any]]:
        """All records of a topic."""
        records: list[ConsumerRecord[Any, Any]] = []
        async with asyncio.timeout(PATIENCE), self.reader(topic, isolation_level) as (consumer, tps):
            ends = await consumer.end_offsets(tps)
            await consumer.seek_to_beginning(*tps)
            while any([await consumer.position(tp) < ends[tp] for tp in tps]):
                for read in (await consumer.getmany(timeout_ms=200)).values():
                    records += read
        return records

    @asynccontextmanager
    async def reader(
        self, topic: str, isolation_level: str = "read_committed"
    ) -> AsyncIterator[tuple[AIOKafkaConsumer, Sequence[TopicPartition]]]:
        """A consumer of a topic's partitions, without a group."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.brokers, isolation_level=isolation_level, auto_offset_reset="earliest"
        )
        count = len((await self._admin.describe_topics([topic]))[0]["partitions"])
        tps = [TopicPartition(topic, partition) for partition in range(count)]
        await consumer.start()
        try:
            consumer.assign(tps)
            yield consumer, tps
        finally:
            await consumer.stop()

    async def committed(self, group: str, topic: str) -> list[int | None]:
        """A group's committed offset of each partition."""
        while True:
            try:
                offsets = await self._admin.list_consumer_group_offsets(group)
            except KafkaError as error:
                if not error.retriable:  # the coordinator is not there yet
                    raise
                await asyncio.sleep(0.1)
                continue
            count = len((await self._admin.describe_topics([topic]))[0]["partitions"])
            tps = [TopicPartition(topic, partition) for partition in range(count)]
            return [offsets[tp].offset if tp in offsets else None for tp in tps]


@asynccontextmanager
async def connected(brokers: str) -> AsyncIterator[Cluster]:
    async with AIOKafkaProducer(bootstrap_servers=brokers, linger_ms=2, max_batch_size=1 << 18) as producer:
        admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
        await admin.start()
        try:
            yield Cluster(brokers, admin, producer)
        finally:
            await admin.close()


class Member(ConsumerRebalanceListener):
    """A member of a group that reads a topic, and does what a test wants when partitions are taken from it."""

    def __init__(self, consumer: AIOKafkaConsumer, group: str, instance: str | None) -> None:
        self.consumer = consumer
        self._group, self._instance = group, instance
        self.memberships: list[Membership] = []
        """Of each assignment, noted when it came."""
        self.when_revoked: Callable[[], Awaitable[None]] | None = None

    async def on_partitions_revoked(self, revoked: object) -> None:
        if self.when_revoked is not None:
            await self.when_revoked()

    async def on_partitions_assigned(self, assigned: object) -> None:
        coordinator: Any = self.consumer._coordinator
        named = Membership(self._group, coordinator.generation, coordinator.member_id, self._instance)
        self.memberships.append(named)


@asynccontextmanager
async def member(
    brokers: str, topic: str, group: str, *, instance: str | None = None, client_id: str = "member"
) -> AsyncIterator[Member]:
    """Join a group, and wait for the assignment; leave it at the end."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=brokers,
        group_id=group,
        group_instance_id=instance,
        client_id=client_id,
        enable_auto_commit=False,
        heartbeat_interval_ms=300,
    )
    joined = Member(consumer, group, instance)
    consumer.subscribe([topic], listener=joined)
    async with consumer:
        await until(lambda: joined.memberships)
        yield joined


async def until(holds: Callable[[], Awaitable[Any] | Any], patience: float = PATIENCE, every: float = 0.05) -> Any:
    """Wait until something holds, and return its value."""
    try:
        async with asyncio.timeout(patience):
            while True:
                said = holds()
                if isinstance(said, Awaitable):
                    said = await said
                if said:
                    return said
                await asyncio.sleep(every)
    except TimeoutError:
        raise AssertionError(f"did not come to hold within {patience:.0f} s") from None
