"""Creates, fills and deletes the topics of a bench."""

from collections.abc import Iterable
from itertools import islice
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from correlator.partitioner import partition_for
from support.deployment import PARTITIONS


async def create(broker: str, topic: str, partitions: int = PARTITIONS, **config: str) -> None:
    """Create a topic whose records are dated by the broker."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        config = {"message.timestamp.type": "LogAppendTime"} | {name.replace("_", "."): v for name, v in config.items()}
        await admin.create_topics([NewTopic(topic, partitions, 1, topic_configs=config)])
    finally:
        await admin.close()


async def write(broker: str, topic: str, entries: Iterable[tuple[bytes, bytes]], partitions: int = PARTITIONS) -> int:
    """Write keys and values, each to its key's partition. Returns how many."""
    producer = AIOKafkaProducer(bootstrap_servers=broker, max_batch_size=1 << 17)
    await producer.start()
    count, left = 0, iter(entries)
    try:
        while chunk := list(islice(left, 20_000)):
            count += len(chunk)
            batches: dict[int, list[Any]] = {}
            for key, value in chunk:
                to = partition_for(key, partitions)
                own = batches.setdefault(to, [producer.create_batch()])
                if own[-1].append(key=key, value=value, timestamp=None) is None:
                    own.append(producer.create_batch())
                    own[-1].append(key=key, value=value, timestamp=None)
            for to, own in batches.items():
                for batch in own:
                    await (await producer.send_batch(batch, topic, partition=to))
    finally:
        await producer.stop()
    return count


async def delete(broker: str, part: str) -> None:
    """Delete every topic whose name contains ``part``."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        await admin.delete_topics([name for name in await admin.list_topics() if part in name])
    finally:
        await admin.close()
