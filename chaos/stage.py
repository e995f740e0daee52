"""The stage under test: its settings, its topics, and whether it has read all there is."""

import asyncio
import os
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from chaos.plots import TIGHT_TIMING
from chaos.truth import GRACE, REMEMBER, SECOND
from correlator.stage.part import CLOCKS_KEY
from correlator.values import PREFIX
from local.progress import lags

CORRELATOR = Path(sys.executable).with_name("correlator")
PARTITIONS = 4
SESSION_TIMEOUT = 6
"""Seconds: the least that a broker allows by default."""
PATIENCE = 10.0
"""Seconds that a question to Kafka may take."""


class Stage(NamedTuple):
    """A deployment of its own: the names of its topics, and where Kafka is."""

    bootstrap_servers: str
    app_id: str
    brokers: int
    store: str
    one_hop: bool

    @classmethod
    def make(cls, bootstrap_servers: str, *, brokers: int, store: str, one_hop: bool) -> "Stage":
        """One that nobody else has."""
        return cls(bootstrap_servers, f"chaos-{uuid.uuid4().hex[:8]}", brokers, store, one_hop)

    @property
    def raw(self) -> str:
        """The input."""
        return f"{self.app_id}-raw"

    @property
    def outputs(self) -> tuple[str, str]:
        """Where records are published."""
        return f"{self.app_id}-uptimes", f"{self.app_id}-durations"

    @property
    def dead_letters(self) -> str:
        """Where invalid events are published."""
        return f"{self.app_id}-dead-letters"

    @property
    def variables(self) -> dict[str, str]:
        """Its settings, for the environment of a worker."""
        settings = {
            "bootstrap_servers": self.bootstrap_servers,
            "app_id": self.app_id,
            "topic_events": self.raw,
            "topic_worker_uptime": self.outputs[0],
            "topic_flow_run_duration": self.outputs[1],
            "topic_dead_letter": self.dead_letters,
            "partitions": f"{PARTITIONS}",
            "replication_factor": f"{self.brokers}",
            "input_keyed_by": "subject" if self.one_hop else "any",
            "session_timeout": f"{SESSION_TIMEOUT}",
            "tight_timing": f"{TIGHT_TIMING}",
            "grace": f"{GRACE // SECOND}",
            "remember": f"{REMEMBER // SECOND}",
            "store": self.store,
            "web_port": "0",
        }
        return {f"{PREFIX}{name.upper()}": value for name, value in settings.items()}

    async def create_topics(self) -> None:
        """Create the input and all others. Raises `RuntimeError` with what the command said."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        creating = await asyncio.create_subprocess_exec(
            *(CORRELATOR, "topics", "create"),
            env=kept | self.variables,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        _, said = await creating.communicate()
        if creating.returncode:
            raise RuntimeError(said.decode())

    async def is_through(self) -> bool:
        """Whether the committed offsets are at the ends of its inputs; also not, where Kafka does not answer."""
        inputs = [self.raw] if self.one_hop else [self.raw, f"{self.app_id}-lifecycles"]
        try:
            async with asyncio.timeout(PATIENCE):
                return not any([any(await lags(self.bootstrap_servers, self.app_id, topic)) for topic in inputs])
        except (KafkaError, OSError, TimeoutError):
            return False

    async def is_whole(self) -> bool:
        """Whether every replica of its topics, and of Kafka's own, is in sync."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap_servers, request_timeout_ms=int(PATIENCE * 1000))
        try:
            async with asyncio.timeout(PATIENCE):
                await admin.start()
                described = await admin.describe_topics()
        except (KafkaError, OSError, TimeoutError):
            return False
        finally:
            await admin.close()
        partitions = [partition for topic in described for partition in topic["partitions"]]
        return all(len(partition["isr"]) == len(partition["replicas"]) for partition in partitions)

    async def remembered(self) -> set[bytes]:
        """The subjects that its changelog holds: what a worker that started now would know of."""
        entries = {record.key: record.value for record in await self._read(f"{self.app_id}-subjects-changelog")}
        return {key for key, value in entries.items() if key is not None and value is not None and key != CLOCKS_KEY}

    async def _read(self, topic: str) -> Sequence[ConsumerRecord[bytes | None, bytes | None]]:
        """All that is committed in a topic, each partition's in order."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap_servers, isolation_level="read_committed")
        await consumer.start()
        try:
            partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
            ends = await consumer.end_offsets(partitions)
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            records: list[ConsumerRecord[bytes | None, bytes | None]] = []
            while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    records += batch
            return records
        finally:
            await consumer.stop()
