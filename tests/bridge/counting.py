"""Nothing missing and nothing twice: what the topic holds, counted against the server's own list."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from aiokafka import ConsumerRecord
from aiokafka.partitioner import murmur2

from tests.bridge.running import Bridged

DEFAULT = ("prefect.worker.", "prefect.runner.", "prefect.flow-run.", "prefect.kubernetes.pod.", "prefect.ecs.task.")
"""The prefixes of the names that a bridge reads by default."""


class Figures(NamedTuple):
    """What came of a fault."""

    server: int
    """Events that the server has."""
    topic: int
    """Records that a reader of committed records finds."""
    missing: int
    """Events that the server has, and the topic does not."""
    twice: int
    """Records of an event that has one already."""
    others: int
    """Records that are, byte for byte, no event of the server."""
    wrong: tuple[str, ...]
    """What is not right about a record's key, partition, headers or timestamp: each in words, the first few."""

    @property
    def is_exact(self) -> bool:
        """Whether everything is there once, as it should be."""
        return not (self.missing or self.twice or self.others or self.wrong)


async def count(deployment: Bridged, stored: Mapping[str, bytes]) -> Figures:
    """Hold the topic against what the server has: its events by id."""
    records = await deployment.read(deployment.events)
    ids = Counter(orjson.loads(record.value)["id"] for record in records)
    partitions = int(deployment.settings["PARTITIONS"])
    return Figures(
        server=len(stored),
        topic=len(records),
        missing=len(stored.keys() - ids),
        twice=len(records) - len(ids),
        others=sum(stored.get(orjson.loads(record.value)["id"]) != record.value for record in records),
        wrong=tuple(words for record in records if (words := _wrong(record, partitions)))[:3],
    )


def subject(event: dict[str, Any]) -> str:
    """The flow run that an event tells of, else what it is about."""
    ids = [resource["prefect.resource.id"] for resource in (event["resource"], *event["related"])]
    runs = [id_.removeprefix("prefect.flow-run.") for id_ in ids if id_.startswith("prefect.flow-run.")]
    return runs[0] if runs else ids[0]


def _wrong(record: ConsumerRecord[bytes, bytes], partitions: int) -> str:
    event = orjson.loads(record.value)
    key, occurred = subject(event).encode(), event["occurred"]
    if record.key != key:
        return f"{event['event']} {event['id']} has the key {record.key!r}, not {key!r}"
    if record.partition != (murmur2(key) & 0x7FFFFFFF) % partitions:
        return f"{key!r} is in partition {record.partition}"
    if dict(record.headers) != {"event": event["event"].encode(), "occurred": occurred.encode()}:
        return f"{event['event']} {event['id']} of {occurred} has the headers {record.headers}"
    if record.timestamp < datetime.fromisoformat(event["received"]).timestamp() * 1000 - 1000:
        return f"{event['event']} {event['id']} has the timestamp {record.timestamp}"
    return ""
