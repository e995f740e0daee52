"""The stage as its users run it: a process, a broker, topics of its own."""

import asyncio
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient

from correlator import core, wire
from correlator.stage.partition_state import CLOCKS_KEY
from support.deployment import CORRELATOR, Deployment
from tests.commands.running import correlator

SESSION_TIMEOUT = 6


class Stage(Deployment):
    """A deployment, and the workers that a test starts and ends."""

    def __init__(self, bootstrap_servers: str, directory: Path, **settings: str) -> None:
        super().__init__(bootstrap_servers, "stage", **{"SESSION_TIMEOUT": str(SESSION_TIMEOUT), **settings})
        self.directory = directory
        self._workers: list[subprocess.Popen[bytes]] = []

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command with the deployment's settings."""
        return correlator(*arguments, **self.settings)

    def start(self, **settings: str) -> "subprocess.Popen[bytes]":
        """Start a worker, with a directory and a log of its own."""
        name = f"{self.app_id}-{len(self._workers)}"
        env = self.environment(**{"DATA_DIR": str(self.directory / name), **settings})
        with (self.directory / f"{name}.log").open("wb") as log:
            worker = subprocess.Popen([CORRELATOR, "worker"], env=env, stdout=log, stderr=log)
        self._workers.append(worker)
        return worker

    def log(self, worker: "subprocess.Popen[bytes]") -> str:
        """The log of a worker."""
        return (self.directory / f"{self.app_id}-{self._workers.index(worker)}.log").read_text()

    def end(self) -> None:
        """End the workers that still run."""
        for worker in self._workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGCONT)
                worker.kill()
                worker.wait()

    async def feed(self, records: Iterable[tuple[bytes | None, bytes | None]], rate: float | None = None) -> int:
        """Write records to the raw topic, at most ``rate`` a second; returns how many."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self.bootstrap_servers, linger_ms=5, max_batch_size=1 << 18, max_request_size=1 << 21
        )
        await producer.start()
        count, began = 0, time.monotonic()
        try:
            for key, value in records:
                await producer.send(self.events, value, key=key)
                count += 1
                if rate is not None and count % 100 == 0:
                    await asyncio.sleep(max(0.0, began + count / rate - time.monotonic()))
        finally:
            await producer.stop()
        return count

    async def until_done(self, limit: float = 60, workers: Iterable["subprocess.Popen[bytes]"] = ()) -> None:
        """Wait until the stage has committed all of its input."""
        async with asyncio.timeout(limit):
            while not await self.is_through():
                for worker in workers:
                    assert worker.poll() is None, self.log(worker)
                await asyncio.sleep(0.3)

    async def unread_events(self) -> list[ConsumerRecord[bytes, bytes]]:
        """Its records of the input that no committed offset covers, without ticks: intake may send one while correlate
        stops.
        """
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap_servers)
        await admin.start()
        try:
            committed = await admin.list_consumer_group_offsets(self.app_id)
        finally:
            await admin.close()
        offsets = {(partition.topic, partition.partition): entry.offset for partition, entry in committed.items()}
        return [
            record
            for topic in self.inputs
            for record in await self.read(topic)
            if record.offset >= offsets.get((topic, record.partition), 0)
            and (topic == self.events or not isinstance(wire.decode(record.key, record.value), wire.Tick))
        ]

    async def until_said(self, worker: "subprocess.Popen[bytes]", words: str, limit: float = 60) -> None:
        """Wait until a worker has logged something."""
        async with asyncio.timeout(limit):
            while words not in self.log(worker):
                assert worker.poll() is None, self.log(worker)
                await asyncio.sleep(0.05)

    async def until_published(self, count: int, limit: float = 60) -> int:
        """Wait until about as many durations are there: the topic's offsets count the markers of transactions, too."""
        async with asyncio.timeout(limit):
            while (ends := sum((await self.ends(self.flow_run_duration)).values())) < count:
                await asyncio.sleep(0.1)
        return ends

    async def records(self) -> list[dict[str, Any]]:
        """The values of the records of both kinds."""
        read = [*await self.read(self.worker_uptime), *await self.read(self.flow_run_duration)]
        return [orjson.loads(record.value) for record in read]

    async def open_lifecycles(self) -> int:
        """How many lifecycles are open in the changelog, without those that ended and are only remembered."""
        entries: dict[bytes, bytes | None] = {}
        for record in sorted(await self.read(self.changelog), key=lambda record: record.offset):
            entries[record.key] = record.value
        states = [core.decode(value) for key, value in entries.items() if value is not None and key != CLOCKS_KEY]
        return sum(len(core.open_lifecycles(state, core.Rules())) for state in states)


@contextmanager
def stages(directory: Path) -> Iterator[Callable[..., Stage]]:
    """Makes deployments with their topics, ``make(kafka, PARTITIONS="1")``. Workers that still run are ended."""
    made: list[Stage] = []

    def make(bootstrap_servers: str, **settings: str) -> Stage:
        made.append(Stage(bootstrap_servers, directory, **settings))
        created = made[-1].command("topics", "create")
        assert created.returncode == 0, created.stderr
        return made[-1]

    try:
        yield make
    finally:
        for stage in made:
            stage.end()
