"""The join on aiokafka alone: ``getmany``, a dict, and batches of records and of a changelog that is never read back.

At least once. Batches built by ``create_batch`` cost half of what as many calls of ``send`` do.
"""

import asyncio
import signal
import time
from collections.abc import Sequence
from typing import Any, Final

import orjson
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord

from bench.peers.join import SUBMITTED, Job, Start, parsed, record, told

COMMIT_EVERY: Final = 5.0
"""Seconds between two commits of the input's offsets, as in Quix Streams and librdkafka."""


class Batches:
    """Unsent batches, one for each partition that is written to."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._open: dict[tuple[str, int], Any] = {}
        self._sent: list[asyncio.Future[Any]] = []

    async def add(self, topic: str, partition: int, key: bytes, value: bytes | None) -> None:
        """Add a record, and send the batch if it is full."""
        batch = self._open.get((topic, partition))
        if batch is None or batch.append(key=key, value=value, timestamp=None) is None:
            if batch is not None:
                self._sent.append(await self._producer.send_batch(batch, topic, partition=partition))
            batch = self._open[topic, partition] = self._producer.create_batch()
            batch.append(key=key, value=value, timestamp=None)

    async def send(self) -> None:
        """Send all batches."""
        for (topic, partition), batch in self._open.items():
            self._sent.append(await self._producer.send_batch(batch, topic, partition=partition))
        self._open.clear()

    async def flush(self) -> None:
        """Send all batches, and return when all are acknowledged."""
        await self.send()
        await asyncio.gather(*self._sent)
        self._sent.clear()


class Join:
    """The join, fed with one poll's records of a partition at a time."""

    def __init__(self, job: Job, batches: Batches) -> None:
        self.batches = batches
        self._job = job
        self._open: dict[bytes, Start] = {}

    async def take(self, partition: int, records: Sequence[ConsumerRecord[bytes, bytes]]) -> None:
        """Process the records of one poll."""
        for one in records:
            if one.key is None or one.value is None or (event := parsed(one.value)) is None:
                continue
            if event["event"] == SUBMITTED:
                start = self._open[one.key] = Start(event["id"], event["occurred"])
                await self.batches.add(self._job.changelog, partition, one.key, orjson.dumps([*start]))
            elif (known := self._open.get(one.key)) is not None and known.id == event["follows"]:
                del self._open[one.key]
                value = orjson.dumps(record(one.key.decode(), known, event))
                await self.batches.add(self._job.output, partition, one.key, value)
                await self.batches.add(self._job.changelog, partition, one.key, None)


async def main(job: Job) -> None:
    """Run until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    consumer = AIOKafkaConsumer(
        job.input,
        bootstrap_servers=job.broker,
        group_id=job.app_id,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    producer = AIOKafkaProducer(bootstrap_servers=job.broker, acks="all", max_batch_size=1 << 17)
    async with producer, consumer:
        join = Join(job, Batches(producer))
        committed = time.monotonic()
        while not stop.is_set():
            polled = await consumer.getmany(timeout_ms=200)
            for partition, records in polled.items():
                await join.take(partition.partition, records)
            if not polled:
                await join.batches.send()
            if time.monotonic() - committed > COMMIT_EVERY:
                await join.batches.flush()
                await consumer.commit()
                committed = time.monotonic()
        await join.batches.flush()
        await consumer.commit()


if __name__ == "__main__":
    uvloop.run(main(told()))
