"""The stage as its users run it: a process, a broker, topics of its own."""

import asyncio
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from correlator import core
from correlator.stage.part import CLOCKS_KEY
from local.progress import lags

CORRELATOR = Path(sys.executable).with_name("correlator")
SESSION_TIMEOUT = 6


class Deployment:
    """Its topics, and the workers that a test starts and ends."""

    def __init__(self, broker: str, directory: Path, **settings: str) -> None:
        self.broker, self.directory = broker, directory
        self.app_id = f"stage-{uuid.uuid4().hex[:8]}"
        self.raw = f"{self.app_id}-raw"
        self.uptimes, self.durations = f"{self.app_id}-uptimes", f"{self.app_id}-durations"
        self.dead_letters = f"{self.app_id}-dead-letters"
        self.settings = {
            "BOOTSTRAP_SERVERS": broker,
            "APP_ID": self.app_id,
            "TOPIC_EVENTS": self.raw,
            "TOPIC_WORKER_UPTIME": self.uptimes,
            "TOPIC_FLOW_RUN_DURATION": self.durations,
            "TOPIC_DEAD_LETTER": self.dead_letters,
            "PARTITIONS": "4",
            "SESSION_TIMEOUT": str(SESSION_TIMEOUT),
            "WEB_PORT": "0",
            **settings,
        }
        self._workers: list[subprocess.Popen[bytes]] = []

    @staticmethod
    def run(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of the correlator to its end."""
        return subprocess.run(
            [CORRELATOR, *arguments], env=_env(settings), capture_output=True, text=True, timeout=60, check=False
        )

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command with the deployment's settings."""
        return self.run(*arguments, **self.settings)

    def start(self, **settings: str) -> "subprocess.Popen[bytes]":
        """Start a worker, with a directory and a log of its own."""
        name = f"{self.app_id}-{len(self._workers)}"
        env = _env({**self.settings, "DATA_DIR": str(self.directory / name), **settings})
        with (self.directory / f"{name}.log").open("wb") as log:
            worker = subprocess.Popen([CORRELATOR, "worker"], env=env, stdout=log, stderr=log)
        self._workers.append(worker)
        return worker

    def log(self, worker: "subprocess.Popen[bytes]") -> str:
        """What a worker said."""
        return (self.directory / f"{self.app_id}-{self._workers.index(worker)}.log").read_text()

    def end(self) -> None:
        """End what still runs."""
        for worker in self._workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGCONT)
                worker.kill()
                worker.wait()

    async def feed(self, records: Iterable[tuple[bytes | None, bytes | None]], rate: float | None = None) -> int:
        """Write records to the raw topic, at most ``rate`` a second; returns how many."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self.broker, linger_ms=5, max_batch_size=1 << 18, max_request_size=1 << 21
        )
        await producer.start()
        count, began = 0, time.monotonic()
        try:
            for key, value in records:
                await producer.send(self.raw, value, key=key)
                count += 1
                if rate is not None and count % 100 == 0:
                    await asyncio.sleep(max(0.0, began + count / rate - time.monotonic()))
        finally:
            await producer.stop()
        return count

    async def until_done(self, limit: float = 60, workers: Iterable["subprocess.Popen[bytes]"] = ()) -> None:
        """Wait until the stage has committed all of its input."""
        async with asyncio.timeout(limit):
            while not await self.is_done():
                for worker in workers:
                    assert worker.poll() is None, self.log(worker)
                await asyncio.sleep(0.3)

    async def until_said(self, worker: "subprocess.Popen[bytes]", words: str, limit: float = 60) -> None:
        """Wait until a worker has logged something."""
        async with asyncio.timeout(limit):
            while words not in self.log(worker):
                assert worker.poll() is None, self.log(worker)
                await asyncio.sleep(0.05)

    async def until_published(self, count: int, limit: float = 60) -> int:
        """Wait until as many durations are there, about: the topic's ends count transactions' markers too."""
        async with asyncio.timeout(limit):
            while (ends := await self.ends(self.durations)) < count:
                await asyncio.sleep(0.1)
        return ends

    async def ends(self, topic: str) -> int:
        """The sum of a topic's ends."""
        partitions = [TopicPartition(topic, number) for number in range(int(self.settings["PARTITIONS"]))]
        return sum((await self._written(partitions)).values())

    async def _written(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        """The ends of what was written, whether it shows as committed yet or not."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.broker)
        await consumer.start()
        try:
            return await consumer.end_offsets(partitions)
        finally:
            await consumer.stop()

    async def is_done(self) -> bool:
        """Whether the committed offsets are at the ends of the input, the topic between the stages included."""
        inputs = [self.raw]
        if self.settings.get("INPUT_KEYED_BY") != "subject":
            inputs.append(f"{self.app_id}-lifecycles")
        return not any([any(await lags(self.broker, self.app_id, topic)) for topic in inputs])

    async def read(self, topic: str, isolation_level: str = "read_committed") -> list[ConsumerRecord[bytes, bytes]]:
        """All that a topic holds, for a reader of committed records."""
        consumer = AIOKafkaConsumer(
            topic, bootstrap_servers=self.broker, isolation_level=isolation_level, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            tps = list(consumer.assignment())
            ends = await self._written(tps)
            records: list[ConsumerRecord[bytes, bytes]] = []
            while any([await consumer.position(tp) < ends[tp] for tp in tps]):
                for batch in (await consumer.getmany(timeout_ms=200, max_records=20_000)).values():
                    records += batch
            return records
        finally:
            await consumer.stop()

    async def records(self) -> list[dict[str, Any]]:
        """Both kinds of records, as values."""
        read = [*await self.read(self.uptimes), *await self.read(self.durations)]
        return [orjson.loads(record.value) for record in read]

    async def open_lifecycles(self) -> int:
        """How many lifecycles the changelog holds open: what ended and is only remembered is not."""
        entries: dict[bytes, bytes | None] = {}
        for record in sorted(await self.read(f"{self.app_id}-subjects-changelog"), key=lambda record: record.offset):
            entries[record.key] = record.value
        states = [core.decode(value) for key, value in entries.items() if value is not None and key != CLOCKS_KEY]
        return sum(len(core.open_lifecycles(state, core.Rules())) for state in states)


def _env(settings: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CORRELATOR_")}
    return kept | {f"CORRELATOR_{name}": value for name, value in settings.items()}
