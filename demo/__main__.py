"""``make demo``: sample events through the real stage on a real Kafka, and the records as a person reads them.

``make demo STAY=1`` lets the stage run on until Ctrl-C, for a look at its page.
"""

import asyncio
import logging
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import orjson
from aiokafka import AIOKafkaProducer

from demo.demonstration import Failed, demonstration, end_with_sigterm
from demo.session import SAMPLE, length, session
from demo.showing import Show
from local import BrokerFailed, NoKafka, local_kafka
from support.deployment import CORRELATOR

PATIENCE = 60
"""Seconds that the stage may take for the sample."""


def main(*, stay: bool) -> int:
    """Run the demo; returns the exit code. ``stay``: let the stage run on until Ctrl-C."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it says that topics made a moment ago are not there yet
    end_with_sigterm()
    events = SAMPLE.read_bytes().splitlines()
    show = Show()
    try:
        show.say("Starting a local Kafka …")
        with local_kafka() as kafka:
            show.say(
                f"{kafka.description} at {kafka.bootstrap_servers}. Starting the stage, feeding it {SAMPLE.name}:\n"
            )
            events = _as_now(events)
            asyncio.run(_through_kafka(kafka.bootstrap_servers, events, show, stay=stay))
    except NoKafka as error:
        show.say(f"{error}\nNo Kafka takes part in what follows: the same sample, through `correlator replay`.\n")
        for record in _replayed():
            show.record(str(record["record"]), record)
    except (BrokerFailed, Failed) as error:
        show.say(f"The demo failed: {error}")
        return 1
    show.summary(events)
    return 0


def _as_now(events: list[bytes]) -> list[bytes]:
    """As if the session had just ended, so that the page shows it."""
    begins = datetime.now(UTC) - length(events)
    return [due.event for due in session(events, begins, uuid.uuid4().hex)]


async def _through_kafka(broker: str, events: list[bytes], show: Show, *, stay: bool) -> None:
    async with demonstration(broker) as demo:
        deployment = demo.deployment
        async with AIOKafkaProducer(bootstrap_servers=broker) as producer:
            for event in events:
                await producer.send(deployment.events, event)
        with demo.running("the stage", "worker", env=deployment.environment()):
            try:
                async with asyncio.timeout(PATIENCE):
                    async for record in demo.published(demo.records, deployment.is_through):
                        show.record(demo.records[record.topic], orjson.loads(record.value or b"{}"))
            except TimeoutError:
                raise Failed(f"the stage was not through with the sample after {PATIENCE} seconds.") from None
            if stay:
                await demo.stay(show)


def _replayed() -> Iterator[dict[str, object]]:
    replay = subprocess.run(
        [CORRELATOR, "replay", SAMPLE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
    )
    return map(orjson.loads, replay.stdout.splitlines())


if __name__ == "__main__":
    try:
        sys.exit(main(stay="--stay" in sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)  # as a shell says of Ctrl-C
