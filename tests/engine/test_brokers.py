"""What the engine asks brokers before it takes partitions over, against a real broker; and what is asked again."""

import asyncio
import uuid
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.errors import (
    ConcurrentTransactions,
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    GroupAuthorizationFailedError,
    IncompatibleBrokerVersion,
    KafkaConnectionError,
    KafkaError,
    LeaderNotAvailableError,
    NodeNotReadyError,
    NotCoordinatorError,
    ProducerFenced,
    RequestTimedOutError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)
from aiokafka.protocol.admin import DescribeGroupsResponse_v2, DescribeGroupsResponse_v3
from aiokafka.structs import TopicPartition as Partition

from correlator.engine import brokers
from correlator.engine.brokers import Brokers
from correlator.engine.slices import TopicPartition
from tests.engine.kafka import Cluster, Row, member, until


class Counting(AIOKafkaClient):
    """A client that counts what it sends."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.sent = Counter[str]()

    async def send(self, node_id: Any, request: Any, **how: Any) -> Any:
        self.sent[type(request).__name__] += 1
        return await super().send(node_id, request, **how)


class Around:
    """A topic, a group, and brokers to ask about them."""

    def __init__(self, cluster: Cluster, client: Counting) -> None:
        self.cluster, self.client = cluster, client
        self.group = uuid.uuid4().hex
        self.topic = f"{self.group}-topic"
        self.tps = [TopicPartition(self.topic, number) for number in range(3)]
        self.brokers = Brokers(client, self.group)

    async def in_transaction(self, producer: AIOKafkaProducer, end: int) -> None:
        """Begin a transaction with a record, and an offset of the first partition."""
        await producer.begin_transaction()
        await producer.send_and_wait(self.topic, b"of a transaction", partition=0)
        await producer.send_offsets_to_transaction({Partition(*self.tps[0]): end}, self.group)

    async def settled(self) -> list[int | None]:
        settled = await asyncio.wait_for(self.brokers.settled_offsets(self.tps), 20)
        return [settled[tp] for tp in self.tps]

    async def ends(self) -> list[int]:
        ends = await self.brokers.ends(self.tps)
        return [ends[tp] for tp in self.tps]


@pytest.fixture
async def around(cluster: Cluster) -> AsyncIterator[Around]:
    client = Counting(bootstrap_servers=cluster.brokers)
    await client.bootstrap()
    around = Around(cluster, client)
    await cluster.create(around.topic, partitions=len(around.tps))
    yield around
    await client.close()


@pytest.fixture
async def producer(kafka: str) -> AsyncIterator[AIOKafkaProducer]:
    async with AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=f"id-{uuid.uuid4().hex}") as producer:
        yield producer


def id_of(producer: AIOKafkaProducer) -> str:
    return str(producer._txn_manager.transactional_id)


# Offsets


async def test_offsets_of_a_group_that_has_committed_none(around: Around):
    assert await around.settled() == [None] * 3


@pytest.mark.parametrize(("end", "settled"), [("commit", 9), ("abort", 5)])
async def test_offsets_are_settled_once_the_transaction_that_has_them_ends(
    around: Around, producer: AIOKafkaProducer, end: str, settled: int
):
    await around.in_transaction(producer, 5)
    await producer.commit_transaction()
    assert await around.settled() == [5, None, None]
    await around.in_transaction(producer, 9)
    before = around.client.sent["OffsetFetch"]
    asking = asyncio.create_task(around.brokers.settled_offsets(around.tps))
    await until(lambda: around.client.sent["OffsetFetch"] > before + 3)
    assert not asking.done()
    assert await around.brokers.settled_offsets(around.tps[1:]) == dict.fromkeys(around.tps[1:])  # it has none of these
    await (producer.commit_transaction() if end == "commit" else producer.abort_transaction())
    assert await asyncio.wait_for(asking, 20) == dict(zip(around.tps, [settled, None, None], strict=True))


# Ends


async def test_ends_lie_behind_what_open_transactions_have_delivered(around: Around, producer: AIOKafkaProducer):
    """A reader of committed records is told where these end: what may yet be committed lies behind that."""
    await around.cluster.write(around.topic, [Row(0, b"k", b"v"), Row(2, b"k", b"v")])
    await around.in_transaction(producer, 5)
    assert await around.ends() == [2, 0, 1]
    assert await around.cluster.ends(around.topic) == [1, 0, 1]
    await producer.commit_transaction()
    await until(lambda: ends_are(around, [3, 0, 1]))


async def ends_are(around: Around, ends: list[int]) -> bool:
    return await around.ends() == await around.cluster.ends(around.topic) == ends


async def test_of_nothing_there_is_nothing_to_ask(around: Around):
    before = around.client.sent.total()
    assert await around.brokers.settled_offsets([]) == await around.brokers.ends([]) == {}
    assert around.client.sent.total() == before


# Members, and transactions of who is none


async def test_the_members_of_a_group_by_their_client_ids(around: Around):
    assert await around.brokers.members() == set()
    kafka = around.cluster.brokers
    async with (
        member(kafka, around.topic, around.group, client_id="app-worker:one"),
        member(kafka, around.topic, around.group, client_id="app-worker:two", instance="two"),
        member(kafka, around.topic, f"another-{around.group}", client_id="app-worker:three"),
    ):
        assert await around.brokers.members() == {"app-worker:one", "app-worker:two"}
    assert "app-worker:one" not in await around.brokers.members()


@pytest.mark.parametrize("end", ["commit", "abort"])
async def test_a_transaction_is_ongoing_from_its_first_record_to_its_end(
    around: Around, producer: AIOKafkaProducer, end: str
):
    async def is_ongoing() -> bool:
        return id_of(producer) in await around.brokers.ongoing()

    assert not await is_ongoing()
    await around.in_transaction(producer, 5)
    assert await is_ongoing()
    await (producer.commit_transaction() if end == "commit" else producer.abort_transaction())
    assert not await is_ongoing()


async def test_who_ends_anothers_transaction_aborts_it_and_fences_its_owner(around: Around, producer: AIOKafkaProducer):
    await around.in_transaction(producer, 5)
    await around.brokers.end_transaction(id_of(producer))
    await until(lambda: ends_are(around, [2, 0, 0]))  # the marker is there
    assert await around.settled() == [None] * 3
    assert await around.cluster.read(around.topic) == []
    with pytest.raises(ProducerFenced):
        await producer.commit_transaction()


async def test_what_is_committed_already_is_not_taken_back_by_ending_it(around: Around, producer: AIOKafkaProducer):
    await around.in_transaction(producer, 5)
    await producer.commit_transaction()
    await around.brokers.end_transaction(id_of(producer))
    assert await around.settled() == [5, None, None]
    assert [record.value for record in await around.cluster.read(around.topic)] == [b"of a transaction"]


# What each broker says of it


class Answering:
    """A client of brokers that answer, or fail, each in its way; it counts what it is asked."""

    def __init__(self, *answers: Any) -> None:
        """``answers``: of each broker, by turns."""
        self._answers = [deque(answer if isinstance(answer, list) else [answer]) for answer in answers]
        self.cluster = SimpleNamespace(brokers=lambda: [SimpleNamespace(nodeId=node) for node in range(len(answers))])
        self.sent = 0
        self.looked_up: list[tuple[int, str]] = []

    async def coordinator_lookup(self, of: int, key: str) -> int:
        self.looked_up.append((of, key))
        return 0

    async def ready(self, *_: object, **__: object) -> bool:
        return True

    async def send(self, node: int, *_: object, **__: object) -> Any:
        self.sent += 1
        answer = self._answers[node].popleft()
        await asyncio.sleep(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def brokers(self) -> Brokers:
        client: Any = self
        return Brokers(client, "group")


def transactions(*ids: str, error_code: int = 0) -> Any:
    return SimpleNamespace(error_code=error_code, transactions=[(id_, 7, "Ongoing", {}) for id_ in ids])


TOO_OLD = IncompatibleBrokerVersion("ListTransactions")


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ([transactions("one"), transactions(), transactions("two", "three")], {"one", "two", "three"}),
        ([RequestTimedOutError(), transactions("one")], {"one"}),
        ([transactions("one"), NodeNotReadyError(), transactions("two")], {"one", "two"}),
        ([transactions(error_code=CoordinatorLoadInProgressError.errno), transactions("one")], {"one"}),
        ([TOO_OLD, transactions("one")], {"one"}),  # while brokers are upgraded
        ([TOO_OLD, TOO_OLD], set()),
        ([], set()),
    ],
    ids=["all", "one times out", "one is away", "one is loading", "one is too old", "all are", "none is known"],
)
async def test_a_broker_that_does_not_tell_hides_nothing_that_others_do(answers: list[Any], told: set[str]):
    assert await Answering(*answers).brokers.ongoing() == told


async def test_what_is_no_answer_of_a_broker_is_not_passed_over():
    with pytest.raises(OSError, match="a bug"):
        await Answering(transactions("one"), OSError("a bug")).brokers.ongoing()


MEMBERS = [(f"{name}-0f", f"app-worker:{name}", "/127.0.0.1", b"", b"") for name in ("one", "two")]
GROUP = (0, "group", "Stable", "consumer", "range", MEMBERS)


@pytest.mark.parametrize(
    "response",
    [DescribeGroupsResponse_v2(0, [GROUP]), DescribeGroupsResponse_v3(0, [(*GROUP, -2147483648)])],
    ids=["version 2", "version 3"],
)
async def test_members_are_told_in_any_version(response: Any):
    client = Answering(response)
    assert await client.brokers.members() == {"app-worker:one", "app-worker:two"}
    assert client.looked_up == [(CoordinationType.GROUP, "group")]


@pytest.mark.parametrize(
    ("codes", "asked"),
    [
        ([0], 1),
        ([ConcurrentTransactions.errno], 1),  # it has begun to end it
        ([CoordinatorLoadInProgressError.errno, NotCoordinatorError.errno, 0], 3),
        ([CoordinatorNotAvailableError.errno, ConcurrentTransactions.errno], 2),
    ],
)
async def test_a_transaction_that_is_being_ended_counts_as_ended(
    monkeypatch: pytest.MonkeyPatch, codes: list[int], asked: int
):
    """Whoever takes over waits for its markers in any case; and the others' transactions wait for this one."""
    monkeypatch.setattr(brokers, "PAUSE", 0.0)
    client = Answering([SimpleNamespace(error_code=code) for code in codes])
    await asyncio.wait_for(client.brokers.end_transaction("app-worker:dead"), 5)
    assert client.sent == asked
    assert set(client.looked_up) == {(CoordinationType.TRANSACTION, "app-worker:dead")}


async def test_a_transaction_that_we_may_not_end_is_told():
    client = Answering(SimpleNamespace(error_code=TransactionalIdAuthorizationFailed.errno))
    with pytest.raises(TransactionalIdAuthorizationFailed):
        await client.brokers.end_transaction("app-worker:dead")


# What is asked again


class Broken:
    """A client whose brokers fail a few times, in one way or another, and then answer."""

    def __init__(self, *failures: Exception) -> None:
        self.failures, self.updated = deque(failures), 0

    async def coordinator_lookup(self, *_: object) -> int:
        if self.failures:
            raise self.failures.popleft()
        return 1

    async def ready(self, *_: object, **__: object) -> bool:
        return True

    async def send(self, *_: object, **__: object) -> Any:
        return type("Response", (), {"error_code": 0, "topics": [("input", [(0, 7, -1, "", 0, {})], {})]})

    async def force_metadata_update(self) -> None:
        self.updated += 1


def offset_of(client: Any) -> Awaitable[Any]:
    return Brokers(client, "group").settled_offsets([TopicPartition("input", 0)])


PASSING: list[type[KafkaError]] = [
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    KafkaConnectionError,
    LeaderNotAvailableError,
    NodeNotReadyError,
    NotCoordinatorError,
    RequestTimedOutError,
]


@pytest.mark.parametrize("failure", PASSING)
async def test_what_passes_is_asked_again(monkeypatch: pytest.MonkeyPatch, failure: Callable[[], KafkaError]):
    monkeypatch.setattr(brokers, "PAUSE", 0.0)
    client = Broken(failure(), failure())
    assert await asyncio.wait_for(offset_of(client), 5) == {TopicPartition("input", 0): 7}


async def test_a_coordinator_that_is_not_connected_is_looked_for_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(brokers, "PAUSE", 0.0)
    client, answers = Broken(), deque([False, False, True])

    async def ready(*_: object, **__: object) -> bool:
        return answers.popleft()

    monkeypatch.setattr(client, "ready", ready)
    assert await asyncio.wait_for(offset_of(client), 5) == {TopicPartition("input", 0): 7}
    assert not answers


@pytest.mark.parametrize(
    "failure", [GroupAuthorizationFailedError, TopicAuthorizationFailedError, TransactionalIdAuthorizationFailed]
)
async def test_what_stays_is_told(failure: type[KafkaError]):
    with pytest.raises(failure):
        await asyncio.wait_for(offset_of(Broken(failure("it"))), 5)
