"""A broker that lacks a request that the stage needs: one sentence, before anything is created or joined."""

import asyncio
import struct
from collections.abc import AsyncIterator, Mapping
from inspect import isclass
from types import ModuleType
from typing import Any, NamedTuple

import pytest
from aiokafka.errors import IncompatibleBrokerVersion
from aiokafka.protocol.api import Request

import correlator.engine.requests
import correlator.topics.requests
from correlator.settings import Settings
from correlator.topics import TopicsError, prepare_for_bridge
from correlator.topics.cluster import Cluster
from correlator.topics.versions import NEEDED, Versions, lacking
from support.deployment import CORRELATOR, environment

METADATA, OFFSET_FETCH, HEARTBEAT, DESCRIBE_GROUPS, API_VERSIONS, TXN_OFFSET_COMMIT = 3, 9, 12, 15, 18, 28

KAFKA_2_5: Versions = {
    METADATA: (0, 9),
    OFFSET_FETCH: (0, 7),
    HEARTBEAT: (0, 4),
    DESCRIBE_GROUPS: (0, 5),
    TXN_OFFSET_COMMIT: (0, 3),
}
KAFKA_2_4: Versions = KAFKA_2_5 | {OFFSET_FETCH: (0, 6), TXN_OFFSET_COMMIT: (0, 2)}
KAFKA_2_2: Versions = {
    METADATA: (0, 7),
    OFFSET_FETCH: (0, 5),
    HEARTBEAT: (0, 2),
    DESCRIBE_GROUPS: (0, 2),
    TXN_OFFSET_COMMIT: (0, 2),
}
"""The versions that brokers of these releases know."""

AS_A_MEMBER = (
    "Kafka at kafka:9092 is too old: a worker commits offsets as a member of its group (KIP-447),"
    " which takes Apache Kafka 2.5 or newer."
)
REPLACED = (
    "Kafka at kafka:9092 is too old: a worker hears from its group that another process has its instance id (KIP-345),"
    " which takes Apache Kafka 2.4 or newer."
)
PERMITTED = (
    "Kafka at kafka:9092 is too old: a client asks before it starts what it is permitted to do (KIP-430),"
    " which takes Apache Kafka 2.3 or newer."
)
TOO_NEW = "Kafka at kafka:9092 does not take DescribeGroups v3 any more: use a newer release of the correlator."


@pytest.mark.parametrize(
    "versions, sentence",
    [
        pytest.param(KAFKA_2_5, None, id="2.5"),
        pytest.param(KAFKA_2_4, AS_A_MEMBER, id="2.4"),
        pytest.param(KAFKA_2_2, AS_A_MEMBER, id="2.2, of which the newest that it lacks is told"),
        pytest.param(KAFKA_2_5 | {OFFSET_FETCH: (0, 6)}, AS_A_MEMBER, id="no stable offsets"),
        pytest.param(KAFKA_2_5 | {HEARTBEAT: (0, 3)}, REPLACED, id="no instance ids"),
        pytest.param(KAFKA_2_5 | {METADATA: (0, 7)}, PERMITTED, id="no permissions of topics"),
        pytest.param(KAFKA_2_5 | {DESCRIBE_GROUPS: (0, 2)}, PERMITTED, id="no permissions of groups"),
        pytest.param(
            {key: its for key, its in KAFKA_2_5.items() if key != TXN_OFFSET_COMMIT}, AS_A_MEMBER, id="no transactions"
        ),
        pytest.param(KAFKA_2_5 | {DESCRIBE_GROUPS: (4, 9)}, TOO_NEW, id="newer than all that we know"),
    ],
)
def test_what_a_broker_lacks(versions: Versions, sentence: str | None) -> None:
    reason = lacking("kafka:9092", versions)
    assert (reason and reason.sentence) == sentence
    assert not (reason and reason.may_pass)


def requests(module: ModuleType) -> dict[int, int]:
    """The versions of the requests that a module sends, by API key."""
    classes = [it for it in vars(module).values() if isclass(it) and issubclass(it, Request) and it is not Request]
    return {it.API_KEY: it._CLASSES[0].API_VERSION for it in classes}


def test_what_we_send_is_what_we_need():
    done_without = {correlator.engine.requests.ListTransactions.API_KEY}
    sent = requests(correlator.topics.requests) | requests(correlator.engine.requests)
    assert {key: version for key, version in sent.items() if key not in done_without} == {
        need.api_key: need.version for need in NEEDED
    }


class Old(NamedTuple):
    """The connection settings for a broker that is too old."""

    address: str
    asked: set[int]
    """The API keys of the requests that it got."""

    @property
    def sentence(self) -> str:
        """The error about it."""
        return AS_A_MEMBER.replace("kafka:9092", self.address)


@pytest.fixture
async def old() -> AsyncIterator[Old]:
    """A listener that says which versions it knows, as Kafka 2.2 does, and else answers with an empty list or two."""
    asked = set[int]()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                (length,) = struct.unpack(">i", await reader.readexactly(4))
                api_key, _, correlation = struct.unpack(">hhi", (await reader.readexactly(length))[:8])
                asked.add(api_key)
                body = _versions(KAFKA_2_2) if api_key == API_VERSIONS else struct.pack(">ii", 0, 0)
                writer.write(struct.pack(">ii", 4 + len(body), correlation) + body)
        except asyncio.IncompleteReadError:
            writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        yield Old(f"{host}:{port}", asked)


def _versions(versions: Versions) -> bytes:
    known: Mapping[int, tuple[int, int]] = {METADATA: (0, 0), **{k: v for k, v in versions.items() if k != METADATA}}
    return struct.pack(">hi", 0, len(known)) + b"".join(struct.pack(">hhh", k, *v) for k, v in known.items())


@pytest.mark.parametrize("command", ["worker", "topics create", "topics check"])
async def test_a_command_says_so_and_asks_for_nothing_more(command: str, old: Old):
    process = await asyncio.create_subprocess_exec(
        *(CORRELATOR, *command.split()),
        env=environment(BOOTSTRAP_SERVERS=old.address, WEB_PORT="0"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said = await process.communicate()
    assert (process.returncode, *(it.decode() for it in said)) == (1, "", f"{old.sentence}\n")
    assert old.asked <= {API_VERSIONS, METADATA}


async def test_the_bridge_does_too(old: Old):
    with pytest.raises(TopicsError) as caught:
        await prepare_for_bridge(Settings(bootstrap_servers=(old.address,)))
    assert str(caught.value) == old.sentence
    assert old.asked <= {API_VERSIONS, METADATA}


@pytest.mark.parametrize(
    "error",
    [IncompatibleBrokerVersion("X cannot be used"), NotImplementedError("Support for X v0 has not yet been added")],
)
async def test_another_broker_of_the_cluster_that_is_too_old_is_not_asked_again(error: Exception):
    class Admin:
        asked = 0

        async def describe_configs(self, resources: object) -> object:
            self.asked += 1
            raise error

    admin: Any = Admin()
    with pytest.raises(TopicsError) as caught:
        await Cluster(admin, "kafka:9092").read(["events"])
    assert admin.asked == 1
    assert str(caught.value) == (
        "One of the brokers of Kafka at kafka:9092 does not speak our version of its protocol"
        f" ({error.args[0]}): run Apache Kafka 2.5 or newer on all of them."
    )
