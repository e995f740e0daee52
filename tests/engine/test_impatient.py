"""What waits for a broker that hangs, and for how long."""

import asyncio
import contextlib
import time
from collections.abc import Callable

import pytest
from aiokafka.client import AIOKafkaClient, ConnectionGroup
from aiokafka.errors import KafkaConnectionError, KafkaError, NodeNotReadyError, RequestTimedOutError

from correlator.engine import impatient
from correlator.engine.impatient import ATTEMPTS, ImpatientClient, make_impatient, unanswered
from correlator.engine.publishing import Producer
from correlator.engine.slices import Message
from local.cluster import Cluster
from tests.engine.kafka import connected

PARTITIONS = PRODUCERS = 3
HANG = 45.0
SILENCE = 30.0
"""Seconds: 9 until Kafka fences the broker, a controller's election, and the questions. 8 to 19 were seen."""


@pytest.mark.timeout(240)
async def test_transactions_go_on_while_a_broker_hangs(own_cluster: Callable[..., Cluster]) -> None:
    """One of three, which leads some partitions and coordinates some transactions, whichever they are.

    Brokers wait for one another too, 30 s by default: a commit's markers on their way to the one that hangs.
    """
    cluster = own_cluster({"request.timeout.ms": "8000"})
    async with connected(cluster.bootstrap_servers) as kafka:
        await kafka.create("output", partitions=PARTITIONS, replication=3)
    client = {"bootstrap_servers": cluster.bootstrap_servers.split(",")}
    producers = [Producer(f"id-{number}", client, timeout=60, max_batch=1 << 20) for number in range(PRODUCERS)]
    await asyncio.gather(*(producer.start() for producer in producers))
    publishing = [asyncio.create_task(longest_silence(producer, until=3 + HANG)) for producer in producers]
    await asyncio.sleep(3)
    cluster.brokers[0].pause()
    await asyncio.wait(publishing)
    cluster.brokers[0].resume()
    silences = [task.result() for task in publishing]
    await asyncio.gather(*(producer.stop() for producer in producers))
    print(f"silent for {', '.join(f'{silence:.1f}' for silence in silences)} s")
    assert max(silences) < SILENCE


async def longest_silence(producer: Producer, *, until: float) -> float:
    """Publish to all partitions, a transaction after the other; the longest that one took. The last began in time."""
    messages = [Message("output", to, b"", b"", []) for to in range(PARTITIONS)]
    began, longest = time.monotonic(), 0.0
    while (before := time.monotonic()) < began + until:
        await producer.commit(messages)
        longest = max(longest, time.monotonic() - before)
        await asyncio.sleep(0.05)
    return longest


@pytest.fixture
async def client(monkeypatch: pytest.MonkeyPatch) -> AIOKafkaClient:
    """A client that is made impatient, with the times shortened."""
    for name in ("CLUSTER_ANSWERS_WITHIN", "CONNECT_WITHIN", "REFRESH_AFTER"):
        monkeypatch.setattr(impatient, name, 0.02)
    client = AIOKafkaClient()
    make_impatient(client)
    return client


async def test_a_question_is_asked_again_and_then_patiently(
    client: AIOKafkaClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def slow(_: AIOKafkaClient, kind: int, key: str) -> int:
        asked.append(key)
        await asyncio.sleep(0.1)
        return kind

    monkeypatch.setattr(AIOKafkaClient, "coordinator_lookup", slow)
    assert await client.coordinator_lookup(1, "key") == 1
    assert asked == ["key"] * (ATTEMPTS + 1)


async def test_a_lookup_whose_connection_breaks_may_be_asked_again(
    client: AIOKafkaClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """aiokafka's producer ends for good at any other error."""

    async def breaks(*_: object) -> int:
        raise KafkaConnectionError

    monkeypatch.setattr(AIOKafkaClient, "coordinator_lookup", breaks)
    with pytest.raises(RequestTimedOutError):
        await client.coordinator_lookup(1, "key")


async def test_a_connection_that_is_not_made_is_none(client: AIOKafkaClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hangs(*_: object, **__: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(AIOKafkaClient, "_get_conn", hangs)
    assert await client._get_conn(1, group=ConnectionGroup.DEFAULT) is None


async def test_who_waits_asks_who_is_there(client: AIOKafkaClient, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0

    def ask(_: AIOKafkaClient) -> None:
        nonlocal asked
        asked += 1

    async def slow(*_: object, **__: object) -> str:
        await asyncio.sleep(0.1)
        return "answer"

    monkeypatch.setattr(AIOKafkaClient, "send", slow)
    monkeypatch.setattr(AIOKafkaClient, "force_metadata_update", ask)
    assert await client.send(1, "question") == "answer"
    assert asked > 1
    before = asked
    await asyncio.sleep(0.1)
    assert asked == before, "nobody waits any more"


@pytest.mark.parametrize(
    ("error", "count"),
    [(None, 0), (NodeNotReadyError(), 0), (KafkaConnectionError(), 1), (RequestTimedOutError(), 1)],
)
async def test_what_was_sent_and_not_answered_is_counted(
    client: AIOKafkaClient, monkeypatch: pytest.MonkeyPatch, error: Exception | None, count: int
) -> None:
    """It may arrive yet."""

    async def asked(*_: object, **__: object) -> str:
        if error is not None:
            raise error
        return "answer"

    monkeypatch.setattr(AIOKafkaClient, "send", asked)
    for _ in range(2):
        with contextlib.suppress(KafkaError):
            await client.send(1, "question")
    assert unanswered(client) == 2 * count


class Connection:
    """As a client knows it."""

    def __init__(self, *requests: str) -> None:
        self._requests, self.closed = requests, False

    def close(self, *, reason: object) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("node", "group", "requests", "closed"),
    [
        (1, ConnectionGroup.DEFAULT, (), False),
        (1, ConnectionGroup.DEFAULT, ("produce",), True),  # its leader may wait for the one that left
        (1, ConnectionGroup.COORDINATION, ("join",), False),  # a rebalance may take its time
        (2, ConnectionGroup.DEFAULT, (), True),
        (2, ConnectionGroup.COORDINATION, ("join",), True),
        ("bootstrap", ConnectionGroup.DEFAULT, ("metadata",), False),
    ],
)
async def test_what_is_broken_off_when_broker_2_has_left(
    client: AIOKafkaClient, node: object, group: ConnectionGroup, requests: tuple[str, ...], *, closed: bool
) -> None:
    assert isinstance(client, ImpatientClient)
    connection = Connection(*requests)
    client._conns = {(node, group): connection}
    client._break_off(frozenset({1, 3}))
    assert connection.closed is closed
