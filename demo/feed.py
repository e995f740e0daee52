"""``python -m demo.feed``: the sample's session over and over, as if it happened now; where no Prefect is at hand, and
for the laptop's compose.yaml.

The first time as a session that ended a moment ago, so that there is something to see; then in its own time, as what
lies five minutes apart must do so here.
"""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count

import click
import orjson
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from correlator.client import client_of
from correlator.commands import BadSettings, Failed
from correlator.prefect import subject_of
from correlator.settings import Settings, SettingsError, load
from correlator.topics import TopicsError
from correlator.topics.cluster import connected
from demo.session import SAMPLE, length, session

STOPPING = 2
"""Seconds for letting go of a Kafka that may be gone."""


async def feed(settings: Settings) -> None:
    """Send sessions until cancelled. Raises `TopicsError` where Kafka does not take them, or takes no more."""
    servers, topic = ",".join(settings.bootstrap_servers), settings.topic_events
    async with connected(settings) as cluster:
        if topic not in await cluster.read([topic]):
            raise TopicsError(
                f"There is no topic {topic} on Kafka at {servers}: create it with `correlator topics create`."
            )
    click.echo(f"Feeding {topic} on Kafka at {servers}; Ctrl-C ends it.")
    try:
        async with _producer(settings) as producer:
            await _send(producer, settings)
    except KafkaError as error:
        raise TopicsError(
            f"{topic} on Kafka at {servers} no longer accepts events ({type(error).__name__}):"
            " check that its brokers are healthy, that the topic exists, and that we may write to it."
        ) from None


async def _send(producer: AIOKafkaProducer, settings: Settings) -> None:
    sample = SAMPLE.read_bytes().splitlines()
    begins = datetime.now(UTC) - length(sample)
    for number in count(1):
        click.echo(f"session {number} begins {begins:%H:%M:%S}")
        for due in session(sample, begins, uuid.uuid4().hex):
            await asyncio.sleep((due.at - datetime.now(UTC)).total_seconds())
            await producer.send_and_wait(settings.topic_events, due.event, key=_key(due.event, settings))
        begins = datetime.now(UTC)


def _key(event: bytes, settings: Settings) -> bytes | None:
    """The subject, where the input is keyed by it."""
    if not settings.one_hop:
        return None
    told = orjson.loads(event)
    return subject_of(event, told["event"], told["resource"]["prefect.resource.id"]).encode()


@asynccontextmanager
async def _producer(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(**client_of(settings))
    try:
        await producer.start()
        yield producer
    finally:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(producer.stop(), STOPPING)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Play the sample's Prefect session into the input topic, over and over, as if it went on now, until Ctrl-C.

    Which Kafka and which topic, the settings in the environment (CORRELATOR_*) say, as for a worker.
    """
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what is wrong is said once, at the end
    try:
        asyncio.run(feed(load()))
    except SettingsError as error:
        raise BadSettings(str(error)) from None
    except TopicsError as error:
        raise Failed(str(error)) from None
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main(prog_name="python -m demo.feed")
