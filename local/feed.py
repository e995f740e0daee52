"""``python -m local.feed``: the sample's session over and over, as if it went on now; for the laptop's compose.yaml.

The first time as a session that ended a moment ago, so that there is something to see; then in its own time, as what
lies five minutes apart must do so here.
"""

import asyncio
import contextlib
import re
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import NamedTuple

import orjson
from aiokafka import AIOKafkaProducer

from correlator.loading import load
from correlator.settings import Settings
from local.demo import SAMPLE

_FLOW_RUN = re.compile(rb"prefect\.flow-run\.([0-9a-f-]{36})")


class Due(NamedTuple):
    """An event, and when it is to be sent."""

    at: datetime
    event: bytes


def session(sample: Iterable[bytes], begins: datetime, name: str) -> Iterator[Due]:
    """The sample as a session that begins then: its own events and flow runs, the same workers, pools and flows."""
    lines = list(sample)
    events = [orjson.loads(line) for line in lines]
    own = {event["id"] for event in events} | {run.decode() for line in lines for run in _FLOW_RUN.findall(line)}
    mine = re.compile("|".join(map(re.escape, own)).encode())
    first = min(datetime.fromisoformat(event["occurred"]) for event in events)
    for line, event in zip(lines, events, strict=True):
        at = begins + (datetime.fromisoformat(event["occurred"]) - first)
        renamed = mine.sub(lambda found: str(uuid.uuid5(uuid.NAMESPACE_OID, name + found[0].decode())).encode(), line)
        yield Due(at, orjson.dumps(orjson.loads(renamed) | {"occurred": at}))


def length(sample: Iterable[bytes]) -> timedelta:
    """From the first event of the sample to its last."""
    times = [datetime.fromisoformat(orjson.loads(line)["occurred"]) for line in sample]
    return max(times) - min(times)


async def feed(settings: Settings) -> None:
    """Send sessions until cancelled."""
    sample = SAMPLE.read_bytes().splitlines()
    begins = datetime.now(UTC) - length(sample)
    async with AIOKafkaProducer(bootstrap_servers=list(settings.bootstrap_servers)) as producer:
        for number in count(1):
            print(f"session {number} begins {begins:%H:%M:%S}", flush=True)
            for due in session(sample, begins, uuid.uuid4().hex):
                await asyncio.sleep((due.at - datetime.now(UTC)).total_seconds())
                await producer.send_and_wait(settings.topic_events, due.event)
            begins = datetime.now(UTC)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(feed(load()))
