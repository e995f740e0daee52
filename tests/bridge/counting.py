"""Counts the events in the topic against the server's own list: none may be missing, none there twice."""

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
    """The result of a fault."""

    server: int
    """Events that the server has."""
    topic: int
    """Records that a reader of committed records finds."""
    missing: int
    """Events that the server has and the topic lacks."""
    twice: int
    """Records beyond the first of an event."""
    others: int
    """Records that do not equal any event of the server byte for byte."""
    wrong: tuple[str, ...]
    """Faults in records' keys, partitions, headers or timestamps, in words; only the first few."""

    @property
    def is_exact(self) -> bool:
        """Whether every event is there exactly once, in the right form."""
        return not (self.missing or self.twice or self.others or self.wrong)


async def count(deployment: Bridged, stored: Mapping[str, bytes]) -> Figures:
    """Compare the topic with the server's events, by id."""
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
    """The flow run that an event concerns, else its resource."""
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
