"""A consumer of committed records, as the stage's users are, and what it makes of them."""

import asyncio
import time

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from chaos.feeding import ANSWERING
from chaos.published import VALUE_LEFT_OUT, letter, record
from chaos.stage import Stage
from chaos.verdict import Verdict

POLL = 0.1
"""Seconds that records are gathered before they are looked at."""


class Watcher:
    """Reads what is published, each record once: librdkafka finds its way round the faults by itself."""

    def __init__(self, stage: Stage, verdict: Verdict) -> None:
        self._stage, self._verdict = stage, verdict
        self._last, self._silence = time.monotonic(), 0.0

    def silence(self) -> float:
        """The longest that nothing came, in seconds, since this was last asked."""
        self._note()
        silence, self._silence = self._silence, 0.0
        return silence

    async def run(self) -> None:
        """Read until this is cancelled."""
        consumer = Consumer(
            {
                "bootstrap.servers": self._stage.bootstrap_servers,
                "group.id": f"{self._stage.app_id}-observer",  # nothing is committed
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "auto.offset.reset": "error",  # a jump would be a loss of ours
                "fetch.wait.max.ms": 200,
                "socket.timeout.ms": int(ANSWERING * 1000),
                "log_level": 0,
            }
        )
        consumer.assign(
            [
                TopicPartition(topic, number, 0)
                for topic in (self._stage.worker_uptime, self._stage.flow_run_duration, self._stage.dead_letter)
                for number in range(self._stage.partitions)
            ]
        )
        while True:
            messages = await asyncio.to_thread(consumer.consume, 5000, POLL)
            for message in messages:
                error: KafkaError | None = message.error()
                if error is None:
                    self._take(message)
                elif error.code() == KafkaError._AUTO_OFFSET_RESET:
                    raise KafkaException(error)
            if messages:
                self._note()

    def _note(self) -> None:
        now = time.monotonic()
        self._silence, self._last = max(self._silence, now - self._last), now

    def _take(self, one: Message) -> None:
        if one.topic() == self._stage.dead_letter:
            left_out = VALUE_LEFT_OUT in dict(one.headers() or ())
            expected = letter(one.key(), kept=one.value() is not None and not left_out)
            self._verdict.get(expected.id, expected.what)
        else:
            self._verdict.get(*record(one.value() or b""))
