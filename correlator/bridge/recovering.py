"""Reads the records that hold the position, from the first to the last committed one."""

from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from correlator.engine import make_impatient

_POLL = 500
"""Milliseconds."""


async def records(topic: str, client: Mapping[str, Any]) -> list[tuple[bytes, bytes | None]]:
    """The keys and values of a topic, in order. ``client``: aiokafka's connection settings. Raises aiokafka's errors.

    Call it only when no other bridge can write any more, so that everything that will ever be committed is there.
    """
    tp = TopicPartition(topic, 0)
    consumer = AIOKafkaConsumer(**client, isolation_level="read_committed", enable_auto_commit=False)
    make_impatient(consumer._client)
    try:
        await consumer.start()
        consumer.assign([tp])
        await consumer.seek_to_beginning(tp)
        end = (await consumer.end_offsets([tp]))[tp]
        found: list[tuple[bytes, bytes | None]] = []
        while await consumer.position(tp) < end:
            polled = await consumer.getmany(tp, timeout_ms=_POLL)
            found += ((record.key or b"", record.value) for record in polled.get(tp, ()))
        return found
    finally:
        await consumer.stop()
