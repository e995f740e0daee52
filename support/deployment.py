"""A deployment of the stage that shares nothing with any other: what tests, faults and measurements are made on."""

import os
import sys
import uuid
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from correlator.internal_names import CHANGELOG_SUFFIX
from correlator.settings import VARIABLE_PREFIX, Settings
from support.progress import lags

CORRELATOR = Path(sys.executable).with_name("correlator")
"""The command, of the environment that this runs in."""
PARTITIONS = 4
"""Of every topic, where a setting does not say otherwise."""


class Deployment:
    """Names of its own for all it has on Kafka, and what can be seen of it there.

    Settings are named as in the environment, without the prefix: ``Deployment(kafka, "tried", PARTITIONS="1")``.
    """

    def __init__(self, bootstrap_servers: str, kind: str, **settings: str) -> None:
        self.bootstrap_servers = bootstrap_servers
        self.app_id = f"{kind}-{uuid.uuid4().hex[:8]}"
        self.events = f"{self.app_id}-events"
        self.worker_uptime = f"{self.app_id}-worker-uptime"
        self.flow_run_duration = f"{self.app_id}-flow-run-duration"
        self.dead_letter = f"{self.app_id}-dead-letter"
        self.changelog = f"{self.app_id}{CHANGELOG_SUFFIX}"
        self.settings = {
            "BOOTSTRAP_SERVERS": bootstrap_servers,
            "APP_ID": self.app_id,
            "TOPIC_EVENTS": self.events,
            "TOPIC_WORKER_UPTIME": self.worker_uptime,
            "TOPIC_FLOW_RUN_DURATION": self.flow_run_duration,
            "TOPIC_DEAD_LETTER": self.dead_letter,
            "PARTITIONS": f"{PARTITIONS}",
            "WEB_PORT": "0",
            **settings,
        }

    @property
    def inputs(self) -> list[str]:
        """What it reads: the events, and the topic between its stages where it has two."""
        given: dict[str, Any] = {name.lower(): value for name, value in self.settings.items()}
        settings = Settings.model_construct(**given)  # for the names: nothing is checked, and no environment read
        return [self.events] if settings.one_hop else [self.events, settings.topic_lifecycles]

    def environment(self, **settings: str) -> dict[str, str]:
        """Of a process with its settings and these, and no others of the correlator's."""
        return environment(**{**self.settings, **settings})

    async def is_through(self) -> bool:
        """Whether the committed offsets are at the ends of its inputs."""
        return not any([any(await lags(self.bootstrap_servers, self.app_id, topic)) for topic in self.inputs])

    async def delete_topics(self) -> None:
        """Leave nothing of it on Kafka, but the group, which Kafka forgets."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap_servers)
        await admin.start()
        try:
            await admin.delete_topics(
                [name for name in await admin.list_topics() if name.startswith(f"{self.app_id}-")]
            )
        finally:
            await admin.close()

    async def ends(self, topic: str) -> dict[TopicPartition, int]:
        """Where its partitions end, whether what was written last shows as committed yet or not."""
        partitions = [TopicPartition(topic, number) for number in range(int(self.settings["PARTITIONS"]))]
        async with AIOKafkaConsumer(bootstrap_servers=self.bootstrap_servers) as consumer:
            ends: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
            return ends

    async def read(self, topic: str, isolation_level: str = "read_committed") -> list[ConsumerRecord[bytes, bytes]]:
        """All that a topic holds for a reader of committed records, each partition's in order."""
        ends = await self.ends(topic)
        async with AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap_servers, isolation_level=isolation_level
        ) as consumer:
            consumer.assign(list(ends))
            await consumer.seek_to_beginning(*ends)
            records: list[ConsumerRecord[bytes, bytes]] = []
            while any([await consumer.position(tp) < end for tp, end in ends.items()]):
                for batch in (await consumer.getmany(timeout_ms=200, max_records=20_000)).values():
                    records += batch
            return records


def environment(**settings: str) -> dict[str, str]:
    """Of a process with these settings, and no others of the correlator's."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(VARIABLE_PREFIX)}
    return others | variables(**settings)


def variables(**settings: str) -> dict[str, str]:
    """Of an environment: these settings."""
    return {f"{VARIABLE_PREFIX}{name}": value for name, value in settings.items()}
