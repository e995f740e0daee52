"""The join on confluent-kafka alone: ``consume``, a dict, ``produce``, and a changelog that is never read back.

At least once. librdkafka does its part in threads of C, which count as well.
"""

import signal
import time
from typing import Any, Final

import orjson
from confluent_kafka import Consumer, KafkaError, Message, Producer

from bench.peers.join import SUBMITTED, Job, Start, parsed, record, told

COMMIT_EVERY: Final = 5.0
"""Seconds between two commits of the input's offsets: librdkafka's own default."""

FETCHING: Final = {"fetch.queue.backoff.ms": 20}
"""By default, a consumer that is faster than the broker for a moment waits a whole second."""


class Join:
    """The join, fed with one poll after another."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._open: dict[bytes, Start] = {}
        self._failed: list[KafkaError] = []
        self._producer = Producer(
            {
                "bootstrap.servers": job.broker,
                "linger.ms": 20,
                "partitioner": "murmur2_random",
                "queue.buffering.max.messages": 500_000,
                "queue.buffering.max.kbytes": 1 << 20,
                "delivery.report.only.error": True,
                "on_delivery": self._on_delivery,
            }
        )

    def take(self, messages: list[Message]) -> None:
        """Process what a poll returned."""
        for message in messages:
            if message.error():
                raise SystemExit(str(message.error()))
            key, value, partition = message.key(), message.value(), message.partition()
            assert key is not None and value is not None and partition is not None  # noqa: PT018 - we wrote them
            if (event := parsed(value)) is None:
                continue
            if event["event"] == SUBMITTED:
                start = self._open[key] = Start(event["id"], event["occurred"])
                self._produce(self._job.changelog, orjson.dumps([*start]), key, partition)
            elif (known := self._open.get(key)) is not None and known.id == event["follows"]:
                del self._open[key]
                self._produce(self._job.output, orjson.dumps(record(key.decode(), known, event)), key, partition)
                self._produce(self._job.changelog, None, key, partition)
        self._producer.poll(0)

    def flush(self) -> None:
        """Return when everything produced is acknowledged."""
        self._producer.flush()
        if self._failed:
            raise SystemExit(str(self._failed[0]))

    def _produce(self, topic: str, value: bytes | None, key: bytes, partition: int) -> None:
        while True:
            try:
                self._producer.produce(topic, value, key, partition)
            except BufferError:
                self._producer.poll(0.05)
            else:
                return

    def _on_delivery(self, error: KafkaError | None, _: Any) -> None:
        if error is not None:
            self._failed.append(error)


def main(job: Job) -> None:
    """Run until SIGTERM."""
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopping.append(number))
    consumer = Consumer(
        {
            "bootstrap.servers": job.broker,
            "group.id": job.app_id,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            **FETCHING,
        }
    )
    consumer.subscribe([job.input])
    join, committed, dirty = Join(job), time.monotonic(), False
    while True:
        messages = consumer.consume(1000, 0.2)
        join.take(messages)
        dirty = dirty or bool(messages)
        if dirty and (stopping or time.monotonic() - committed > COMMIT_EVERY):
            join.flush()
            consumer.commit(asynchronous=False)
            committed, dirty = time.monotonic(), False
        if stopping:
            consumer.close()
            return


if __name__ == "__main__":
    main(told())
