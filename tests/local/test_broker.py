"""A real broker of ours: it serves, it bears what a fault test does to it, and it goes when it is told to."""

import asyncio
import os
from collections.abc import Callable

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from local import Broker, BrokerFailed
from local.jvm import JvmBroker
from local.ready import serves, wait_until_ready

IMPATIENT = {"broker.session.timeout.ms": "2000", "broker.heartbeat.interval.ms": "500"}


async def test_a_record_goes_through(kafka: str, create_topic):
    topic = await create_topic("through", partitions=2)
    await publish(kafka, topic, b"one")
    assert await read(kafka, topic) == [b"one"]


async def test_a_killed_broker_comes_back_with_its_data(own_kafka: Callable[..., Broker]):
    broker = own_kafka({"auto.create.topics.enable": "true"} | IMPATIENT)
    await publish(broker.bootstrap_servers, "kept", b"before")
    broker.kill()
    assert not serves(broker.bootstrap_servers)
    broker.start()
    assert await read(broker.bootstrap_servers, "kept") == [b"before"]


def test_a_paused_broker_hangs_and_goes_on(own_kafka: Callable[..., Broker]):
    broker = own_kafka()
    broker.pause()
    assert not serves(broker.bootstrap_servers, timeout=0.5)
    broker.resume()
    wait_until_ready(broker.bootstrap_servers, is_alive=lambda: True)


def test_a_stopped_broker_leaves_nothing(own_kafka: Callable[..., Broker]):
    broker = own_kafka()
    if not isinstance(broker, JvmBroker):
        pytest.skip("a container has no process and no directory of ours")
    assert broker.pid is not None
    os.kill(broker.pid, 0)
    assert broker.directory.is_dir()
    broker.stop()
    assert not broker.directory.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(broker.pid, 0)


def test_a_broker_that_cannot_start_says_why(own_kafka: Callable[..., Broker]):
    with pytest.raises(BrokerFailed, match=r"soon.*log\.retention\.ms|log\.retention\.ms.*soon"):
        own_kafka({"log.retention.ms": "soon"})


async def publish(kafka: str, topic: str, value: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        await producer.send_and_wait(topic, value)


async def read(kafka: str, topic: str) -> list[bytes]:
    """Return what one fetch finds in a topic."""
    async with AIOKafkaConsumer(topic, bootstrap_servers=kafka, auto_offset_reset="earliest") as consumer:
        batches = await asyncio.wait_for(consumer.getmany(timeout_ms=20_000), 30)
    return [record.value for records in batches.values() for record in records]
