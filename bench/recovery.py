"""``python -m bench.recovery``: how long a worker takes to recover, and how much memory its state costs."""

import asyncio
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from msgspec.structs import replace
from rich.console import Console
from rich.table import Table

from bench.process import Memory, memory_of
from bench.topics import create, write
from correlator import core, prefect
from correlator.event import Role
from correlator.moments import Moment
from local import events, local_kafka
from local.deployment import CORRELATOR, Deployment


class Recovered(NamedTuple):
    """How a worker came back, and its memory then. Seconds since its process was started."""

    entries: int
    ready: float
    first_record: float
    memory: Memory


def states(open_: int, remembered: int) -> Iterator[tuple[bytes, bytes]]:
    """Entries of the table: so many runs that are open, and so many that have ended and are remembered."""
    known: dict[bytes, core.SubjectState] = {}
    subjects = core.Subjects(known, core.Rules())
    now, ended = Moment(time.time_ns() // 1000), 0
    for key, value in events.pairs(open_ + remembered):
        said = prefect.decode(value, 10)
        assert said is not None
        if said.event.role is Role.END and ended == remembered:
            continue
        event = replace(said.event, occurred=now)
        subjects.decide(key, said.kind, event, said.details, arrived=now, clock=now)
        if event.role is Role.END:
            ended += 1
            yield key, core.encode(known.pop(key))
    for key, state in known.items():
        yield key, core.encode(state)


async def measure(deployment: Deployment, directory: Path, entries: int, limit: float) -> Recovered:
    """Start a worker, and look at it until it has published the record of a flow run that waits for it."""
    await _feed(deployment)
    async with AIOKafkaConsumer(
        deployment.flow_run_duration, bootstrap_servers=deployment.bootstrap_servers, isolation_level="read_committed"
    ) as consumer:
        await consumer.seek_to_end()  # what an earlier worker published does not count
        began, log = time.monotonic(), directory / "log"
        with log.open("wb") as out:
            worker = subprocess.Popen(  # noqa: ASYNC220
                [CORRELATOR, "worker"], env=deployment.environment(DATA_DIR=str(directory)), stdout=out, stderr=out
            )
        try:
            async with asyncio.timeout(limit):
                while "holds" not in log.read_text():
                    assert worker.poll() is None, log.read_text()
                    await asyncio.sleep(0.05)
                ready = time.monotonic() - began
                await consumer.getone()
                return Recovered(entries, ready, time.monotonic() - began, memory_of(worker.pid))
        finally:
            worker.send_signal(signal.SIGTERM)
            worker.wait(60)


async def run(broker: str, open_: int, remembered: int, store: str, limit: float) -> list[tuple[str, Recovered]]:
    """Once without any state, once with all of it, and, where it is kept on disk, once more with it at hand."""
    found = []
    for what, counts in (("empty", (0, 0)), ("full", (open_, remembered))):
        deployment = Deployment(broker, "recovery", INPUT_KEYED_BY="subject", STORE=store)
        for topic in (deployment.events, deployment.flow_run_duration):
            await create(broker, topic)
        await create(broker, deployment.changelog, cleanup_policy="compact")
        entries = await write(broker, deployment.changelog, states(*counts))
        with tempfile.TemporaryDirectory() as directory:
            found.append((what, await measure(deployment, Path(directory), entries, limit)))
            if store != "memory://" and entries:
                found.append(("again", await measure(deployment, Path(directory), entries, limit)))
    return found


async def _feed(deployment: Deployment) -> None:
    """Let a few runs begin and end."""
    producer = AIOKafkaProducer(bootstrap_servers=deployment.bootstrap_servers)
    await producer.start()
    try:
        for key, value in events.pairs(5, seed=time.time_ns()):
            await producer.send_and_wait(deployment.events, value, key=key)
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
        megabytes = (f"{size / 1e6:,.0f} MB" for size in it.memory)
        table.add_row(what, f"{it.entries:,}", f"{it.ready:.1f} s", f"{it.first_record:.1f} s", *megabytes)
    Console().print(table)
    (_, empty), (_, full), *_ = found
    if full.entries:
        print(f"{(full.memory.resident - empty.memory.resident) / full.entries / 1000:.2f} kB an entry")


if __name__ == "__main__":
    main()
