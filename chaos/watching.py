"""A consumer of committed records, as the stage's users are, and what it makes of them."""

import asyncio
import logging
import time

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from chaos.published import VALUE_LEFT_OUT, letter, record
from chaos.stage import Stage
from chaos.verdict import Verdict
from correlator.engine.impatient import make_impatient
from local.deployment import PARTITIONS

REQUEST_TIMEOUT = 8.0
"""Seconds: a broker that hangs is not to keep the observer for longer."""


class Watcher:
    """Reads what is published, each record once, also across its own errors."""

    def __init__(self, stage: Stage, verdict: Verdict) -> None:
        self._stage, self._verdict = stage, verdict
        self._positions = {
            TopicPartition(topic, number): 0
            for topic in (stage.worker_uptime, stage.flow_run_duration, stage.dead_letter)
            for number in range(PARTITIONS)
        }
        self._last, self._silence = time.monotonic(), 0.0

    def silence(self) -> float:
        """The longest that nothing came, in seconds, since this was last asked."""
        self._note()
        silence, self._silence = self._silence, 0.0
        return silence

    async def run(self) -> None:
        """Read until this is cancelled."""
        while True:
            try:
                await self._read()
            except (KafkaError, OSError) as error:
                logging.getLogger(__name__).info("reading anew after %r", error)
                await asyncio.sleep(1)

    async def _read(self) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._stage.bootstrap_servers,
            isolation_level="read_committed",
            request_timeout_ms=int(REQUEST_TIMEOUT * 1000),
            fetch_max_wait_ms=200,
            max_partition_fetch_bytes=4 << 20,
            auto_offset_reset="none",  # a jump would be a loss of ours
        )
        make_impatient(consumer._client)
        try:
            await consumer.start()
            consumer.assign(list(self._positions))
            for partition, position in self._positions.items():
                consumer.seek(partition, position)
            while True:
                for partition, batch in (await consumer.getmany(timeout_ms=500, max_records=5000)).items():
                    self._note()
                    for one in batch:
                        self._take(one)
                    self._positions[partition] = batch[-1].offset + 1
        finally:
            await consumer.stop()

    def _note(self) -> None:
        now = time.monotonic()
        self._silence, self._last = max(self._silence, now - self._last), now

    def _take(self, one: "ConsumerRecord[bytes | None, bytes | None]") -> None:
        if one.topic == self._stage.dead_letter:
            left_out = VALUE_LEFT_OUT in dict(one.headers)
            expected = letter(one.key, kept=one.value is not None and not left_out)
            self._verdict.get(expected.id, expected.what)
        else:
            assert one.value is not None
            self._verdict.get(*record(one.value))
