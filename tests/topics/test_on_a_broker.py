"""Creating, checking and preparing, on a real Kafka."""

import asyncio
import logging
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from correlator.settings import Settings
from correlator.topics import Purpose, TopicsError, TopicSpec, check, create, declared, prepare
from correlator.topics.cluster import connected
from support.deployment import environment


@pytest.fixture
def settings(kafka, topic):
    """Make the settings of a deployment of the test's own."""
    app_id = topic("topics")

    def make(**given) -> Settings:
        names = {name: f"{app_id}-{name[6:]}" for name in Settings.model_fields if name.startswith("topic_")}
        return Settings(**{"bootstrap_servers": (kafka,), "app_id": app_id, "partitions": 2, **names, **given})

    return make


@pytest.fixture
async def admin(kafka):
    client = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await client.start()
    yield client
    await client.close()


@pytest.fixture
def new_input(kafka, topic):
    """Create an input, and return once the broker knows it."""

    async def create_input(partitions=1, config=None) -> str:
        spec = TopicSpec(topic("raw"), Purpose.INPUT, "any", partitions, 1, config or {})
        async with connected(Settings(bootstrap_servers=(kafka,))) as cluster:
            await cluster.create([spec])
        return spec.name

    return create_input


async def until_they_differ(deployment, most):
    """The differences, once there are as many: the broker takes a moment to learn of a change."""
    for _ in range(100):
        found = await check(deployment)
        if len(found) == most:
            break
    return found


async def test_creates_what_is_missing_and_then_nothing(settings):
    deployment = settings()
    assert len(await check(deployment)) == 6
    assert await create(deployment) == [spec.name for spec in declared(deployment)]
    assert await check(deployment) == []
    assert await create(deployment) == []


async def test_creates_only_what_is_missing(settings, new_input):
    raw = await new_input(partitions=5)
    deployment = settings(topic_events=raw)
    assert raw not in await create(deployment)
    assert await check(deployment) == []


async def test_two_that_create_at_the_same_time_do_not_disturb_each_other(settings):
    deployment = settings()
    created = await asyncio.gather(*(create(deployment) for _ in range(4)))
    assert sorted(name for names in created for name in names) == sorted(spec.name for spec in declared(deployment))
    assert await check(deployment) == []


async def test_what_takes_up_the_input_is_made_as_large(settings, new_input):
    raw = await new_input(config={"max.message.bytes": "3000000"})
    deployment = settings(topic_events=raw)
    layout = await prepare(deployment)
    assert layout.max_message_bytes[deployment.topic_dead_letter] == 3_000_000


async def test_a_worker_prepares_all_but_the_input(settings, new_input):
    raw = await new_input(partitions=5)
    deployment = settings(topic_events=raw)
    layout = await prepare(deployment)
    assert layout.partitions == {spec.name: 2 for spec in declared(deployment)} | {raw: 5}


async def test_in_one_hop_the_changelog_has_the_inputs_partitions(settings, new_input):
    raw = await new_input(partitions=5)
    deployment = settings(topic_events=raw, input_keyed_by="subject")
    layout = await prepare(deployment)
    assert layout.partitions[deployment.topic_changelog] == 5
    assert deployment.topic_lifecycles not in layout.partitions


async def test_a_worker_does_not_start_without_the_input(settings):
    deployment = settings()
    with pytest.raises(TopicsError) as caught:
        await prepare(deployment)
    assert str(caught.value).startswith(f"The topic {deployment.topic_events} is missing: ")
    assert len(str(caught.value).splitlines()) == 1
    assert len(await check(deployment)) == 6  # nothing was created on the way


async def test_a_worker_that_may_not_create_says_all_that_is_missing(settings, new_input):
    deployment = settings(topic_events=await new_input(), create_topics=False)
    with pytest.raises(TopicsError) as caught:
        await prepare(deployment)
    assert len(str(caught.value).splitlines()) == 5


async def test_a_worker_does_not_start_beside_somebody_who_reads_its_records_in_its_group(settings, kafka):
    deployment = settings()
    await create(deployment)
    uptimes = deployment.topic_worker_uptime
    async with AIOKafkaConsumer(uptimes, bootstrap_servers=kafka, group_id=deployment.app_id):
        with pytest.raises(TopicsError, match=f"consumer in group {deployment.app_id} reads {uptimes}: "):
            await prepare(deployment)


async def test_what_was_changed_is_found(settings, admin, caplog):
    deployment = settings()
    await create(deployment)
    await admin.create_partitions({deployment.topic_lifecycles: NewPartitions(3)})
    letters = ConfigResource(ConfigResourceType.TOPIC, deployment.topic_dead_letter, {"max.message.bytes": "1000"})
    records = ConfigResource(ConfigResourceType.TOPIC, deployment.topic_worker_uptime, {"retention.ms": "60000"})
    await admin.alter_configs([letters, records])
    found = await until_they_differ(deployment, 4)
    assert {difference.topic: difference.refuses for difference in found} == {
        deployment.topic_worker_uptime: False,
        deployment.topic_dead_letter: True,
        deployment.topic_lifecycles: False,
        deployment.topic_changelog: True,
    }
    with caplog.at_level(logging.WARNING), pytest.raises(TopicsError) as caught:
        await prepare(deployment)
    assert len(str(caught.value).splitlines()) == 2


async def test_what_differs_without_harm_is_logged_and_the_stage_starts(settings, admin, caplog):
    deployment = settings()
    await create(deployment)
    records = ConfigResource(ConfigResourceType.TOPIC, deployment.topic_worker_uptime, {"retention.ms": "60000"})
    await admin.alter_configs([records])
    await until_they_differ(deployment, 1)
    with caplog.at_level(logging.WARNING, "correlator"):
        await prepare(deployment)
    assert "has retention.ms=60000, which is 1m" in caplog.text


async def test_too_many_replicas(settings):
    with pytest.raises(
        TopicsError, match=r"cannot be created with that many replicas \(.*\): set CORRELATOR_REPLICATION_"
    ):
        await create(settings(replication_factor=3))


# Where no Kafka answers, an answer comes all the same, in time.


@pytest.mark.parametrize("address", ["127.0.0.1:{}", "nobody.invalid:{}", "..:{}"])
async def test_no_broker_at_the_address(address, monkeypatch, unused_port):
    monkeypatch.setattr("correlator.topics.connecting.CONNECTING", 1)
    server = address.format(unused_port)
    with pytest.raises(TopicsError) as caught:
        await check(Settings(bootstrap_servers=(server,)))
    assert str(caught.value) == (
        f"No Kafka broker answers at {server}: check that one is running there, or set CORRELATOR_BOOTSTRAP_SERVERS."
    )


IMPATIENT = """
from correlator.commands import main
from correlator.topics import connecting

connecting.CONNECTING = 0.01
main(["worker"])
"""


def test_time_is_up_while_names_are_looked_up():
    """The process says nothing but the sentence. There are more names than are looked up at once, so some look-ups are
    still going at the end.
    """
    servers = ",".join(f"nobody-{number}.invalid:9092" for number in range(12))
    worker = subprocess.run(
        [sys.executable, "-c", IMPATIENT],
        env=environment(BOOTSTRAP_SERVERS=servers, WEB_PORT="0"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert worker.returncode == 1
    assert worker.stderr == (
        f"No Kafka broker answers at {servers}: check that one is running there, or set CORRELATOR_BOOTSTRAP_SERVERS.\n"
    )


async def test_something_at_the_address_that_does_not_answer(silent):
    began = time.monotonic()
    with pytest.raises(TopicsError, match="No Kafka broker answers"):
        await check(Settings(bootstrap_servers=(silent,)))
    assert time.monotonic() - began < 20


@pytest.mark.parametrize("several", [("{silent}", "{kafka}"), ("{kafka}", "{silent}"), ("nobody.invalid:1", "{kafka}")])
async def test_one_that_does_not_answer_among_several(several, settings, kafka, silent, monkeypatch):
    """A broker that hangs accepts connections and does not answer, for longer than we would wait in all."""
    monkeypatch.setattr("correlator.topics.connecting.CONNECTION_ANSWERS_WITHIN", 60)
    servers = tuple(server.format(silent=silent, kafka=kafka) for server in several)
    assert await create(settings(bootstrap_servers=servers))


@pytest.fixture
def silent() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]
