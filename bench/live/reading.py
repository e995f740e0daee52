"""A reader of committed records, as the stage's users are: it notes when each can be read."""

import time
from collections.abc import Callable

from aiokafka import AIOKafkaConsumer, TopicPartition


async def read(broker: str, topic: str, partitions: int, seen: Callable[[bytes, float], None]) -> None:
    """Read a topic from its beginning until cancelled, and tell of each record's key when it was read."""
    consumer = AIOKafkaConsumer(bootstrap_servers=broker, isolation_level="read_committed", fetch_max_wait_ms=20)
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, number) for number in range(partitions)])
        await consumer.seek_to_beginning()
        while True:
            for records in (await consumer.getmany(timeout_ms=50)).values():
                now = time.monotonic()
                for record in records:
                    seen(record.key or b"", now)
    finally:
        await consumer.stop()
