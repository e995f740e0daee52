"""The members of a group, as its coordinator describes them: on a real broker, and with missing or odd answers."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata
from aiokafka.errors import CoordinatorNotAvailableError

from correlator.engine import roster
from correlator.engine.brokers import Brokers
from correlator.engine.roster import Described, DescribedMember, Member, Roster
from correlator.engine.slices import TopicPartition
from tests.engine.kafka import Cluster, until
from tests.engine.processes import Deployment, Deployments

Ask = Callable[[], Awaitable[Described]]


async def told(cluster: Cluster, group: str) -> list[Member]:
    client = AIOKafkaClient(bootstrap_servers=cluster.brokers)
    await client.bootstrap()
    try:
        return list(await Roster(Brokers(client, group).group).members() or ())
    finally:
        await client.close()


async def test_each_member_tells_where_it_is_and_the_group_what_it_holds(cluster: Cluster, deployment: Deployment):
    urls = [f"http://10.0.0.{number}:8080/#worker-{number}" for number in range(2)]
    for url in urls:
        deployment.start(url=url)

    async def both() -> list[Member] | None:
        members = await told(cluster, deployment.id)
        return members if {len(it.partitions) for it in members} == {4} and len(members) == 2 else None

    members = await until(both)
    assert sorted(it.url for it in members) == urls
    assert {it.client_id.partition(":")[0] for it in members} == {f"{deployment.id}-worker"}
    held = [tp for it in members for tp in it.partitions]
    topics = (deployment.source, deployment.changelog)
    assert sorted(held) == sorted(TopicPartition(topic, number) for topic in topics for number in range(4))


async def test_a_static_member_that_comes_back_elsewhere_keeps_what_it_has_and_is_found_there(
    cluster: Cluster, deployments: Deployments
):
    """There is no rebalance (KIP-345), so only the coordinator learns of it."""
    deployment = await deployments.create(cluster, session_timeout=30.0)
    for number in range(2):
        deployment.start(member=f"worker-{number}", url=f"http://10.0.0.{number}:8080")

    async def held() -> dict[str, frozenset[TopicPartition]]:
        return {it.url: it.partitions for it in await told(cluster, deployment.id)}

    async def all_held() -> dict[str, frozenset[TopicPartition]] | None:
        found = await held()
        return found if {len(its) for its in found.values()} == {4} and len(found) == 2 else None

    before = await until(all_held)
    stays, goes = deployment.apps
    revoked = len(stays.entries("revoked"))
    goes.kill()
    await deployment.start(member="worker-1", url="http://10.0.0.9:8080").says("assigned", times=2)
    after = await held()
    assert after == {
        "http://10.0.0.0:8080": before["http://10.0.0.0:8080"],
        "http://10.0.0.9:8080": before["http://10.0.0.1:8080"],
    }
    assert len(stays.entries("revoked")) == revoked, "nothing was taken from the other"


def described(client_id: str, url: str | None, *partitions: int) -> DescribedMember:
    told = b"{}" if url is None else b'{"url": "%s", "assignment": {}}' % url.encode()
    metadata = ConsumerProtocolMemberMetadata(4, ["t"], told).encode()
    assignment = ConsumerProtocolMemberAssignment(4, [("t", list(partitions))], b"").encode()
    return DescribedMember(f"{client_id}-0f", client_id, "/10.0.0.1", metadata, assignment)


ONE = Described("Stable", [described("one", "http://a:1", 0, 1)])
ITS = [Member("one", "http://a:1", frozenset({TopicPartition("t", 0), TopicPartition("t", 1)}))]
BARE = [DescribedMember("one-0f", "one", "/10.0.0.1", b"", b"")]


def answering(*answers: Described | BaseException) -> Ask:
    left = list(answers)

    async def ask() -> Described:
        answer = left.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    return ask


@pytest.mark.parametrize(
    "then, known",
    [
        (Described("PreparingRebalance", BARE), ITS),
        (Described("CompletingRebalance", BARE), ITS),
        (CoordinatorNotAvailableError(), ITS),
        (OSError("no route"), ITS),
        (Described("Empty", []), []),
        (Described("Dead", []), []),
    ],
    ids=["rebalancing", "being assigned", "no coordinator", "no connection", "empty", "dead"],
)
async def test_what_was_known_stays_until_the_group_is_stable_again(then: Any, known: list[Member]):
    members = Roster(answering(ONE, then, ONE))
    assert [await members.members() for _ in range(3)] == [ITS, known, ITS]


async def test_nothing_is_known_before_the_group_was_stable():
    assert await Roster(answering(Described("PreparingRebalance", BARE))).members() is None


async def test_a_coordinator_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(roster, "ANSWER_WITHIN", 0.05)

    async def hang() -> Described:
        await asyncio.Event().wait()
        raise AssertionError

    async with asyncio.timeout(5):
        assert await Roster(hang).members() is None


@pytest.mark.parametrize(
    "metadata",
    [
        *(b"", b"\x00", b"\xff" * 40, b"\x00\x04\x7f\xff\xff\xff"),
        ConsumerProtocolMemberMetadata(4, ["t"], b"\xff{").encode(),
        described("x", None).metadata,
    ],
)
@pytest.mark.parametrize("assignment", [b"", b"\x00\x01", b"\xff" * 40, b"\x00\x04\x7f\xff\xff\xff"])
async def test_a_member_that_cannot_be_read_is_one_without_an_address(metadata: bytes, assignment: bytes):
    stranger = DescribedMember("stranger-0f", "stranger", "/10.0.0.1", metadata, assignment)
    members = await Roster(answering(Described("Stable", [*ONE.members, stranger]))).members()
    assert members == [*ITS, Member("stranger", "", frozenset())]
