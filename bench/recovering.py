"""One recovery: a process is started and watched until it shows that it has recovered its state."""

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
from support import events


class Recovering(NamedTuple):
    """A process that is to recover."""

    broker: str
    launch: Launch
    input: str
    output: str
    entries: int
    """How many entries its changelog has."""
    ready: str | None
    """What it logs as soon as it has recovered; None if it logs nothing."""


class Recovered(NamedTuple):
    """How long a recovery took, in seconds since the process was started, and the memory used then."""

    entries: int
    ready: float | None
    """Until it logged that it had recovered."""
    first_record: float
    """Until its first record could be read."""
    each_partition: float | None
    """Until a record of every partition could be read."""
    memory: Memory


async def measure(one: Recovering, ends: Collection[tuple[bytes, bytes]], log: Path, limit: float) -> Recovered:
    """Let a process recover within ``limit`` seconds. The first events that it reads are ``ends``, of runs in its
    changelog.

    Raises `AssertionError` if it ended, or if it published another record first.
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
                    assert not foreign, "its first record is about a run that is not in the changelog"
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
