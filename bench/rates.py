"""One measured run: a worker as a subprocess, from its first record to its last, as the broker dates them."""

import asyncio
import resource
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from local import events
from local.deployment import PARTITIONS


class Rate(NamedTuple):
    """What a run came to."""

    events: int
    records: int
    seconds: float
    cpu_seconds: float
    """Of the worker's whole life, its start included."""

    @property
    def per_second(self) -> float:
        return self.events / self.seconds

    @property
    def per_cpu_second(self) -> float:
        return self.events / self.cpu_seconds


async def create(broker: str, topic: str, **config: str) -> None:
    """Create a topic whose records the broker dates."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        config = {"message.timestamp.type": "LogAppendTime"} | {name.replace("_", "."): v for name, v in config.items()}
        await admin.create_topics([NewTopic(topic, PARTITIONS, 1, topic_configs=config)])
    finally:
        await admin.close()


async def load(broker: str, topic: str, pairs: int) -> int:
    """Write the events of so many pairs; returns how many events."""
    producer = AIOKafkaProducer(bootstrap_servers=broker, linger_ms=20, max_batch_size=1 << 18)
    await producer.start()
    try:
        count = 0
        for key, value in events.pairs(pairs):
            await producer.send(topic, value, key=key)
            count += 1
        return count
    finally:
        await producer.stop()


async def measure(
    broker: str, command: Sequence[str], env: Mapping[str, str], output: str, count: int, records: int, limit: float
) -> Rate:
    """Run a worker, ``env`` its whole environment, until it has published as many records.

    Raises TimeoutError after ``limit`` seconds.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    worker = subprocess.Popen(  # noqa: ASYNC220 - so that its CPU seconds are a child's of ours
        command, env=env, stdout=subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(limit):
            first, last = await _span(broker, output, records, worker)
    finally:
        worker.send_signal(signal.SIGTERM)
        try:
            worker.wait(20)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Rate(count, records, (last - first) / 1000, cpu)


async def _span(broker: str, output: str, records: int, worker: subprocess.Popen[bytes]) -> tuple[int, int]:
    """When the first and the last of the records were published, in milliseconds. Looks at ends, and reads only when
    they fit."""
    consumer = AIOKafkaConsumer(bootstrap_servers=broker, isolation_level="read_committed")
    await consumer.start()
    try:
        partitions = [TopicPartition(output, number) for number in range(PARTITIONS)]
        consumer.assign(partitions)
        while sum((await consumer.end_offsets(partitions)).values()) < records:
            if worker.poll() is not None:
                raise RuntimeError(f"the worker ended with {worker.returncode}")
            await asyncio.sleep(0.2)
        await consumer.seek_to_beginning(*partitions)
        seen, stamps = 0, [time.time_ns() // 1_000_000, 0]
        while seen < records:
            for batch in (await consumer.getmany(timeout_ms=500, max_records=20_000)).values():
                seen += len(batch)
                stamps = [min(stamps[0], batch[0].timestamp), max(stamps[1], batch[-1].timestamp)]
        if seen > records:
            raise RuntimeError(f"{seen} records for {records} pairs")
        return stamps[0], stamps[1]
    finally:
        await consumer.stop()
