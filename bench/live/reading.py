"""A reader of committed records, like the stage's users, that notes when each record can be read."""

import time
from collections.abc import Callable

from aiokafka import AIOKafkaConsumer, TopicPartition


async def read(broker: str, topic: str, partitions: int, seen: Callable[[bytes, float], None]) -> None:
    """Read a topic from its beginning until cancelled, and call ``seen`` with each record's key and the time of
    reading.
    """
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
