"""One recovery: a process is started, and looked at until it has shown that it has its state back."""

import asyncio
import signal
import subprocess
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from bench.contenders import Launch
from bench.process import Memory, memory_of
from local import events


class Recovering(NamedTuple):
    """Who is to recover."""

    broker: str
    launch: Launch
    input: str
    output: str
    entries: int
    """Of its changelog."""
    ready: str | None
    """What it logs as soon as it has its state; None where it does not say so."""


class Recovered(NamedTuple):
    """How it came back, and its memory then. Seconds since its process was started."""

    entries: int
    ready: float | None
    """Until it said that it has its state."""
    first_record: float
    """Until its first record could be read."""
    each_partition: float | None
    """Until one of each partition could be."""
    memory: Memory


async def measure(one: Recovering, ends: Collection[tuple[bytes, bytes]], log: Path, limit: float) -> Recovered:
    """Let it recover within ``limit`` seconds. The first that it reads are ``ends``, of runs in its changelog.

    Raises `AssertionError` where it ended, or published something else before them.
    """
    awaited = {key for key, _ in ends}
    await _write(one, [*ends, *events.pairs(5, seed=time.time_ns())])
    async with AIOKafkaConsumer(one.output, bootstrap_servers=one.broker, isolation_level="read_committed") as consumer:
        await consumer.seek_to_end()  # what an earlier process published does not count
        began, ready = time.monotonic(), None
        with _started(one.launch, log) as process:
            seen: dict[bytes | None, float] = {}
            async with asyncio.timeout(limit):
                while not seen or awaited - seen.keys() or (one.ready and ready is None):
                    batches = await consumer.getmany(timeout_ms=50)
                    now = time.monotonic() - began
                    for record in (record for batch in batches.values() for record in batch):
                        seen.setdefault(record.key, now)
                    if ready is None and one.ready and one.ready in log.read_text():
                        ready = now
                    assert process.poll() is None, log.read_text()
                    foreign = awaited and seen and next(iter(seen)) not in awaited
                    assert not foreign, "its first record is of a run that the changelog does not hold"
            memory = memory_of(process.pid)
    first, *_ = seen
    of_each = max(seen[key] for key in awaited) if awaited else None
    return Recovered(one.entries, ready, seen[first], of_each, memory)


async def _write(one: Recovering, given: Collection[tuple[bytes, bytes]]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=one.broker)
    await producer.start()
    try:
        for key, value in given:
            await producer.send_and_wait(one.input, value, key=key)
    finally:
        await producer.stop()


@contextmanager
def _started(launch: Launch, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen(launch.command, env=launch.env, stdout=out, stderr=out)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
