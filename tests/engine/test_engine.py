"""The engine between an assignment and the next, without a broker."""

import asyncio
from typing import Any

import pytest
from faust.types import TP

from correlator.engine import Engine, Options
from correlator.engine.slices import TopicPartition
from tests.engine.fakes import Failures, Publisher, Stage, settled


class Around:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.failures, self.stage = Failures(), Stage()
        self.publishers: dict[TopicPartition, Publisher] = {}
        self.engine = Engine(Options("unit", {"bootstrap_servers": ["127.0.0.1:1"]}), fail=self.failures)
        self.engine.add_stage("input", self.stage)
        monkeypatch.setattr(self.engine, "_publisher", self._publisher)

    def _publisher(self, tp: TopicPartition) -> Any:
        self.publishers[tp] = Publisher()
        return self.publishers[tp]

    async def take_over(self, *partitions: int) -> None:
        await self.engine.take_over({TP("input", partition) for partition in partitions} | {TP("changelog", 9)})


@pytest.fixture
async def around(monkeypatch: pytest.MonkeyPatch) -> Around:
    return Around(monkeypatch)


async def test_what_is_held_are_the_partitions_that_stages_read(around):
    await around.take_over(0, 2)
    assert list(around.engine.holding.lanes) == [("input", 0), ("input", 2)]
    assert [publisher.calls for publisher in around.publishers.values()] == [["start"], ["start"]]


async def test_every_assignment_fences_anew_also_what_was_held_before(around):
    await around.take_over(0)
    before = around.publishers["input", 0]
    await around.take_over(0)
    assert before.calls == ["start", "stop"]
    assert around.publishers["input", 0] is not before


async def test_what_cannot_be_taken_over_ends_the_process(around):
    error = OSError("no broker")

    async def refuse() -> None:
        raise error

    def publisher(tp: TopicPartition) -> Any:
        refused = Publisher()
        refused.start = refuse
        return refused

    around.engine._publisher = publisher
    await around.take_over(0)
    assert around.failures.seen == [("partitions could not be taken over", error)]
    assert around.engine.holding is None


async def test_letting_go_holds_nothing(around):
    await around.take_over(0)
    await around.engine.let_go()
    assert around.engine.holding is None
    assert around.publishers["input", 0].calls == ["start", "stop"]
    await around.engine.let_go()


async def test_what_is_read_or_being_let_go_is_in_hand(around):
    """Stopping gives it time, also in the middle of a rebalance, when nothing is ready."""
    engine = around.engine
    assert not engine.in_hand
    await around.take_over(0)
    assert not engine.in_hand, "what is only recovered can be left"
    engine.holding.seek({TopicPartition("input", 0): 0})
    engine.open()
    assert engine.in_hand
    assert engine.ready
    engine.shut()
    assert engine.in_hand
    assert not engine.ready
    publisher = around.publishers["input", 0]
    publisher.stop = asyncio.Event().wait
    letting_go = asyncio.create_task(engine.let_go())
    await settled()
    assert engine.holding is None
    assert engine.in_hand
    letting_go.cancel()
    await asyncio.wait({letting_go})
    assert not engine.in_hand


async def test_whoever_lets_go_waits_until_all_is_let_go(around):
    """A revocation may be under way when the app is told to stop: the process must not end before its transaction."""
    await around.take_over(0)
    closing = asyncio.Event()
    stop = around.publishers["input", 0].stop

    async def slowly() -> None:
        await closing.wait()
        await stop()

    around.publishers["input", 0].stop = slowly
    first = asyncio.create_task(around.engine.let_go())
    await settled()
    second = asyncio.create_task(around.engine.let_go())
    await settled()
    assert not first.done()
    assert not second.done()
    closing.set()
    await asyncio.gather(first, second)


async def test_a_revocation_that_fails_to_publish_ends_the_process(around):
    """Not Faust's way of crashing, which logs a traceback and takes its time."""
    await around.take_over(0)

    async def fenced(*_: Any) -> None:
        raise OSError("fenced")

    around.publishers["input", 0].publish = fenced
    (lane,) = around.engine.holding.lanes.values()
    lane._done = 5  # behind slices that changed nothing
    await asyncio.wait({asyncio.create_task(around.engine.let_go())})
    assert [str(exc) for _, exc in around.failures.seen] == ["fenced"]
