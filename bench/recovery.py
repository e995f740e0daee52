"""``python -m bench.recovery``: how long a worker takes to recover, and how much memory its state costs."""

import asyncio
import os
import re
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import click
from aiokafka import AIOKafkaProducer
from rich.console import Console
from rich.table import Table

from bench import events
from bench.__main__ import CORRELATOR
from bench.rates import PARTITIONS, create
from correlator import core, prefect
from correlator.partitioner import partition_for
from local import local_kafka

HOUR = 3_600_000_000


class Recovered(NamedTuple):
    """How a worker came back. Seconds since its process was started, memory in bytes."""

    entries: int
    ready: float
    first_record: float
    resident: int
    peak: int
    """The most it ever took, recovering included."""


def states(open_: int, remembered: int) -> Iterator[tuple[bytes, bytes]]:
    """Entries of the table: so many runs that are open, and so many that have ended and are remembered."""
    rules = core.Rules()
    now = time.time_ns() // 1000
    decoded = (found.event for _, value in events.pairs(open_ + remembered) if (found := prefect.decode(value, 10)))
    waiting: dict[str, core.SubjectState] = {}
    ended = 0
    for found_event in decoded:
        event = found_event._replace(occurred=now)
        if event.role == "start":
            state = core.on_event(None, event, now, now, rules).state
            assert state is not None
            waiting[event.subject] = state
        elif ended < remembered:
            ended += 1
            state = core.on_event(waiting.pop(event.subject), event, now, now, rules).state
            assert state is not None
            yield event.subject.encode(), core.encode(state)
    for subject, state in waiting.items():
        yield subject.encode(), core.encode(state)


async def write(broker: str, changelog: str, entries: Iterator[tuple[bytes, bytes]]) -> int:
    """Write the table's changelog, as a stage that had run would have; returns how many entries."""
    producer = AIOKafkaProducer(bootstrap_servers=broker)
    await producer.start()
    count = 0
    try:
        while chunk := list(islice(entries, 20_000)):
            count += len(chunk)
            batches: dict[int, list[Any]] = {}
            for key, value in chunk:
                to = partition_for(key, PARTITIONS)
                own = batches.setdefault(to, [producer.create_batch()])
                if own[-1].append(key=key, value=value, timestamp=None) is None:
                    own.append(producer.create_batch())
                    own[-1].append(key=key, value=value, timestamp=None)
            for to, own in batches.items():
                for batch in own:
                    await (await producer.send_batch(batch, changelog, partition=to))
    finally:
        await producer.stop()
    return count


async def measure(broker: str, env: dict[str, str], entries: int, log: Path, output: str, limit: float) -> Recovered:
    """Start a worker, and look at it until it has published the first record of an event that waits for it."""
    began = time.monotonic()
    with log.open("wb") as out:
        worker = subprocess.Popen([CORRELATOR, "worker"], env=os.environ | env, stdout=out, stderr=out)  # noqa: ASYNC220
    try:
        async with asyncio.timeout(limit):
            while "holds" not in log.read_text():
                assert worker.poll() is None, log.read_text()
                await asyncio.sleep(0.05)
            ready = time.monotonic() - began
            first = await _first_record(broker, output, began)
        status = Path(f"/proc/{worker.pid}/status").read_text()
        memory = {name: int(kb) * 1024 for name, kb in re.findall(r"(VmRSS|VmHWM):\s+(\d+) kB", status)}
        return Recovered(entries, ready, first, memory["VmRSS"], memory["VmHWM"])
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(60)


async def _first_record(broker: str, output: str, began: float) -> float:
    from aiokafka import AIOKafkaConsumer

    async with AIOKafkaConsumer(
        output, bootstrap_servers=broker, isolation_level="read_committed", auto_offset_reset="earliest"
    ) as consumer:
        await consumer.getone()
        return time.monotonic() - began


async def run(broker: str, open_: int, remembered: int, store: str, limit: float) -> list[tuple[str, Recovered]]:
    """Once without any state, once with all of it, and, where it is kept on disk, once more with it at hand."""
    found = []
    for what, counts in (("empty", (0, 0)), ("full", (open_, remembered))):
        app_id = f"recovery-{uuid.uuid4().hex[:8]}"
        input_, output, changelog = f"{app_id}-events", f"{app_id}-durations", f"{app_id}-subjects-changelog"
        for topic in (input_, output):
            await create(broker, topic)
        await create(broker, changelog, cleanup_policy="compact")
        with tempfile.TemporaryDirectory() as directory:
            env = {
                "CORRELATOR_BOOTSTRAP_SERVERS": broker,
                "CORRELATOR_APP_ID": app_id,
                "CORRELATOR_TOPIC_EVENTS": input_,
                "CORRELATOR_TOPIC_FLOW_RUN_DURATION": output,
                "CORRELATOR_TOPIC_WORKER_UPTIME": f"{app_id}-uptimes",
                "CORRELATOR_TOPIC_DEAD_LETTER": f"{app_id}-dead-letter",
                "CORRELATOR_PARTITIONS": str(PARTITIONS),
                "CORRELATOR_INPUT_KEYED_BY": "subject",
                "CORRELATOR_STORE": store,
                "CORRELATOR_DATA_DIR": directory,
                "CORRELATOR_WEB_PORT": "0",
            }
            entries = await write(broker, changelog, states(*counts))
            await _feed(broker, input_)
            found.append((what, await measure(broker, env, entries, Path(directory, "log"), output, limit)))
            if store != "memory://" and entries:
                await create(broker, f"{app_id}-unused")
                again = await measure(broker, env, entries, Path(directory, "log"), output, limit)
                found.append(("again", again))
    return found


async def _feed(broker: str, input_: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=broker)
    await producer.start()
    try:
        for key, value in events.pairs(5, seed=99):
            await producer.send_and_wait(input_, value, key=key)
    finally:
        await producer.stop()


@click.command()
@click.option("--open", "open_", default=1_000_000, show_default=True, help="Flow runs that are open.")
@click.option("--remembered", default=1_000_000, show_default=True, help="Flow runs that ended and are remembered.")
@click.option("--store", default="memory://", show_default=True, type=click.Choice(["memory://", "rocksdb://"]))
@click.option("--limit", default=600.0, show_default=True, help="Seconds that a worker may take.")
def main(open_: int, remembered: int, store: str, limit: float) -> None:
    """Measure a worker's recovery on a local Kafka."""
    with local_kafka() as kafka:
        found = asyncio.run(run(kafka.bootstrap_servers, open_, remembered, store, limit))
        title = f"{open_:,} open and {remembered:,} remembered, {store}, {kafka.description}"
    table = Table("state", "entries", "ready after", "first record after", "memory", "at its peak", title=title)
    for what, it in found:
        megabytes = (f"{size / 1e6:,.0f} MB" for size in (it.resident, it.peak))
        table.add_row(what, f"{it.entries:,}", f"{it.ready:.1f} s", f"{it.first_record:.1f} s", *megabytes)
    Console().print(table)
    (_, empty), (_, full), *_ = found
    if full.entries:
        print(f"{(full.resident - empty.resident) / full.entries / 1000:.2f} kB an entry")


if __name__ == "__main__":
    main()
