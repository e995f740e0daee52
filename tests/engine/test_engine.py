"""The engine as its stages, and what looks at it, know it; without a broker."""

from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from correlator.engine import Engine
from correlator.engine import engine as module
from correlator.engine.kafka import Fetched
from correlator.engine.slices import TopicPartition
from tests.engine.fakes import (
    MEMBER,
    OPTIONS,
    Brokers,
    Failures,
    Kafka,
    Producer,
    Stage,
    a_slice,
    changing,
    settled,
)

ONE = TopicPartition("input", 0)


class Started(Producer):
    """A producer that remembers how it was made and what was done to it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        self.made = args, kwargs
        self.calls: list[str] = []

    async def start(self) -> None:
        self.calls.append("start")

    async def stop(self) -> None:
        self.calls.append("stop")


class Around:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.failures, self.kafka, self.brokers, self.stage = Failures(), Kafka(), Brokers(), Stage()
        self.looked_for: list[str] = []
        """What ids of dead workers begin with."""
        monkeypatch.setattr(module, "Producer", Started)
        monkeypatch.setattr(module, "Brokers", lambda client, group: self.brokers)
        monkeypatch.setattr(module, "end_strangers", self._end_strangers)
        self.engine: Any = Engine(OPTIONS, fail=self.failures)
        self.engine.add_stage("input", self.stage)

    async def _end_strangers(self, brokers: Any, prefix: str) -> None:
        assert brokers is self.brokers
        self.looked_for.append(prefix)

    async def take_over(self) -> Any:
        return await self.engine.assignments.take_over({ONE, TopicPartition("changelog", 0)}, MEMBER, self.kafka)

    async def open(self) -> None:
        await self.engine.assignments.seek(stopping=lambda: False)
        self.engine.assignments.open()


@pytest.fixture
async def around(monkeypatch: pytest.MonkeyPatch) -> Around:
    around = Around(monkeypatch)
    await around.engine.start()
    return around


@pytest.mark.parametrize("instance_id", ["worker-0", None])
def test_its_transactional_id_is_the_client_id_that_the_group_is_told(instance_id):
    """So everybody can see whose ids belong to members. One without a name makes up its own at each start."""
    one, other = (Engine(OPTIONS._replace(instance_id=instance_id), fail=Failures()) for _ in range(2))
    assert one.id.startswith("unit-worker:")
    assert one.app.conf.broker_client_id == one.id
    assert (one.id == other.id) == (instance_id is not None)
    if instance_id is not None:
        assert one.id == "unit-worker:worker-0"


async def test_starting_takes_the_transactional_id_and_tells_faust_what_is_read(around):
    producer = around.engine._producer
    (id_, client), named = producer.made
    assert (id_, client) == (around.engine.id, OPTIONS.client)
    assert named["timeout"] == OPTIONS.transaction_timeout
    assert named["max_batch"] == OPTIONS.max_batch
    assert named["permission"] == "the prefix unit-worker:"
    assert producer.calls == ["start"]
    (topic,) = around.engine.app.topics
    assert (topic.topics, topic.acks) == (("input",), False)
    await around.engine.stop()
    assert producer.calls == ["start", "stop"]


async def test_what_was_never_started_stops(monkeypatch):
    await Around(monkeypatch).engine.stop()


async def test_what_is_read_is_decided_and_committed_in_the_name_of_the_member(around):
    around.brokers.committed[ONE] = 5
    holding = await around.take_over()
    await around.open()
    around.engine.assignments.offer(holding, [a_slice(5, 9, of=ONE)])
    await settled()
    (beat,) = around.engine._producer.committed
    assert (beat.ends, beat.membership) == ({ONE: 9}, MEMBER)
    assert beat.messages == changing(9).messages
    assert around.stage.bounds == [(5, 9)]
    assert around.failures.seen == []


async def test_what_dead_workers_left_open_is_looked_for_while_partitions_are_taken_over(around):
    await around.take_over()
    await settled()
    assert around.looked_for == ["unit-worker:"]


async def test_it_is_ready_when_all_that_is_assigned_is_read(around):
    assert not around.engine.ready
    await around.take_over()
    assert not around.engine.ready
    await around.open()
    assert around.engine.ready


async def test_who_is_in_the_group_is_known_once_it_has_started(monkeypatch):
    around = Around(monkeypatch)
    assert await around.engine.members() is None
    await around.engine.start()
    assert [member.client_id for member in await around.engine.members()] == ["client"]


async def test_lags_and_what_is_uncommitted_are_those_of_what_is_read(around):
    around.brokers.committed[ONE], around.kafka.last[ONE] = 5, Fetched(8, 20)
    assert around.engine.lags() == around.engine.uncommitted() == {}
    await around.take_over()
    assert around.engine.lags() == around.engine.uncommitted() == {}
    await around.open()
    assert (around.engine.lags(), around.engine.uncommitted()) == ({ONE: 3}, {ONE: 12})


async def test_what_is_to_be_recovered_is_what_was_not_read_of_the_changelog_of_what_is_assigned(around):
    recovery, changelog = around.engine.app.tables.recovery, TP("changelog", 0)
    recovery.active_highwaters[changelog], recovery.active_offsets[changelog] = 9, 4
    assert around.engine.to_recover == 0, "nothing is assigned"
    await around.take_over()
    assert around.engine.to_recover == 5
    recovery.active_offsets[changelog] = 10  # past what was the end when it began
    assert around.engine.to_recover == 0
    recovery.active_offsets[changelog] = 4
    await around.open()
    assert around.engine.to_recover == 0, "the partition is read"


async def test_progress_is_first_that_of_joining_then_of_taking_over_then_of_partitions(around):
    signs = around.engine._signs
    assert list(signs()) == ["joining the group"]
    await around.take_over()
    assert list(signs()) == ["taking over"]
    await around.open()
    assert list(signs()) == ["input-0", "Kafka's answers about input-0"]


async def test_a_group_that_refuses_us_ends_the_process(around, monkeypatch):
    error = OSError("InvalidSessionTimeoutError")
    around.engine.options = OPTIONS._replace(nudge_interval=0.0)
    around.engine._transport = SimpleNamespace(refusal=error)

    def fail(what: str, exc: BaseException) -> Any:
        raise SystemExit(f"{what}: {exc}")

    around.engine.fail = fail
    with pytest.raises(SystemExit, match="the group does not take this process: InvalidSessionTimeoutError"):
        await around.engine._nudge_on()
