"""The engine as its stages, and what looks at it, know it; without a broker."""

from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from correlator.engine import Engine
from correlator.engine.kafka import Fetched
from correlator.engine.slices import TopicPartition
from tests.engine.fakes import OPTIONS, Failures, Kafka, Publisher, Stage

ONE = TopicPartition("input", 0)


class Around:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.failures, self.kafka = Failures(), Kafka()
        self.engine = Engine(OPTIONS, fail=self.failures)
        self.engine.add_stage("input", Stage())
        monkeypatch.setattr(self.engine, "_publisher", lambda _: Publisher())

    async def take_over(self) -> None:
        await self.engine.assignments.take_over({ONE, TopicPartition("changelog", 0)}, self.kafka)

    async def open(self) -> None:
        await self.engine.assignments.seek(stopping=lambda: False)
        self.engine.assignments.open()


@pytest.fixture
async def around(monkeypatch: pytest.MonkeyPatch) -> Around:
    return Around(monkeypatch)


async def test_it_is_ready_when_all_that_is_assigned_is_read(around):
    assert not around.engine.ready
    await around.take_over()
    assert not around.engine.ready
    await around.open()
    assert around.engine.ready


async def test_lags_and_what_is_uncommitted_are_those_of_what_is_read(around):
    around.kafka.committed[ONE], around.kafka.last[ONE] = 5, Fetched(8, 20)
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
    with pytest.raises(SystemExit, match="the group could not be joined: InvalidSessionTimeoutError"):
        await around.engine._nudge_on()
