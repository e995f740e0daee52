"""What the sample consumers are tried on: records that the stage published, and amended, and some it withdrew."""

from collections import defaultdict
from typing import Any, NamedTuple

import orjson
from aiokafka import AIOKafkaProducer, ConsumerRecord

from demo.session import KUBERNETES, SAMPLE, lines
from tests.prefect.events import CANCELLED, EXECUTED, STARTED, STOPPED, SUBMITTED, WORKER, raw, with_label
from tests.stage.generated import Shape, generate
from tests.stage.running import Stage
from tests.stage.test_sample import by_subject

Message = ConsumerRecord[bytes, bytes]
Record = dict[str, Any]

WHO, ODD = "prefect.worker.process.amended", "prefect.worker.process.odd"
ODDLY = 'a\0b\\u0000<script>"'
"""A name that PostgreSQL cannot store, and in it one that only looks like it."""


def event_id(number: int) -> str:
    return f"01a20919-0000-7000-8000-{number:012}"


def of(worker: str, event: dict[str, Any], name: str | None = None) -> dict[str, Any]:
    return {**event, "resource": {**WORKER, "prefect.resource.id": worker, "prefect.resource.name": name or worker}}


def at(minute: int, second: int = 0) -> dict[str, str]:
    """An hour after the sample ended."""
    return dict.fromkeys(("occurred", "received"), f"2026-11-23T17:{minute:02}:{second:02}Z")


AMENDED = [
    # A worker is started twice, so that the first start is superseded; then its stop comes after all.
    raw(of(WHO, STARTED), id=event_id(1), **at(0)),
    raw(of(WHO, STARTED), id=event_id(2), **at(1)),
    raw(of(WHO, STOPPED), id=event_id(3), follows=event_id(2), **at(5)),
    raw(of(WHO, STARTED), id=event_id(4), **at(20)),
    raw(of(WHO, STOPPED), id=event_id(5), follows=event_id(1), **at(4)),
    # A run exits with an error, and is said to be cancelled after that.
    raw(SUBMITTED, id=event_id(6), **at(30)),
    raw(
        with_label(EXECUTED, "flow-run", "infrastructure.status-code", "137"),
        id=event_id(7),
        follows=event_id(6),
        **at(31),
    ),
    raw(CANCELLED, id=event_id(8), **at(31, 2)),
    # A worker with an odd name.
    raw(of(ODD, STARTED, ODDLY), id=event_id(9), **at(40)),
    raw(of(ODD, STOPPED, ODDLY), id=event_id(10), follows=event_id(9), **at(41)),
]


class Published(NamedTuple):
    """What the stage published: of each partition, its messages in order."""

    stage: Stage
    partitions: dict[tuple[str, int], list[Message]]

    @property
    def messages(self) -> list[Message]:
        return [message for messages in self.partitions.values() for message in messages]

    @property
    def topics(self) -> tuple[str, str]:
        return self.stage.worker_uptime, self.stage.flow_run_duration

    def final(self, read: dict[tuple[str, int], int] | None = None) -> dict[str, Record]:
        """The last value of each record id, of what lies before these offsets; without, of all."""
        records = (
            orjson.loads(message.value or b"")
            for partition, messages in self.partitions.items()
            for message in messages
            if read is None or message.offset < read.get(partition, 0)
        )
        return {record["record_id"]: record for record in records}


async def publish(stage: Stage) -> Published:
    """Let the stage publish the records of a generated session, of the sample, of what amends them, and of a session in
    Kubernetes, three days later.
    """
    generated = generate(1, Shape(hours=6, runs=300, workers=10)).records(keyed=True)
    ours = ((by_subject(event), event) for event in [*lines(SAMPLE), *AMENDED, *lines(KUBERNETES)])
    await stage.feed([*generated, *ours])
    worker = stage.start()
    await stage.until_done(workers=[worker])
    worker.terminate()
    partitions: defaultdict[tuple[str, int], list[Message]] = defaultdict(list)
    for topic in (stage.worker_uptime, stage.flow_run_duration):
        for message in await stage.read(topic):
            partitions[topic, message.partition].append(message)
        await _write_and_withdraw(stage.bootstrap_servers, topic)
    return Published(stage, dict(partitions))


async def _write_and_withdraw(broker: str, topic: str) -> None:
    """What readers of committed records must not see."""
    producer = AIOKafkaProducer(bootstrap_servers=broker, transactional_id=f"withdrawn-{topic}")
    async with producer:
        await producer.begin_transaction()
        await producer.send_and_wait(topic, b"withdrawn", partition=0)
        await producer.abort_transaction()
