"""The consumer between Faust and the engine: what is done before and after what Faust does. No broker takes part."""

import asyncio
import logging
from types import SimpleNamespace
from typing import Any

import pytest
from faust.transport.drivers.aiokafka import Consumer
from faust.types import TP

from correlator.engine.consumer import SliceConsumer
from correlator.engine.slices import TopicPartition
from tests.engine.fakes import Failures, settled

ONE, TWO, THREE = TP("input", 0), TP("input", 1), TP("input", 2)
CHANGELOG = TP("changelog", 0)


class Holding:
    def __init__(self) -> None:
        self.lanes = {TopicPartition(*tp): SimpleNamespace(changelog=None) for tp in (ONE, TWO, THREE)}
        self.starts: dict[TopicPartition, int] | None = None

    def seek(self, starts: dict[TopicPartition, int]) -> None:
        self.starts = starts


class Around:
    """A consumer whose Faust half only writes down that it was called."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.said: list[Any] = []
        self.committed: dict[TP, int | None] = {ONE: 5, TWO: None, THREE: 50}
        self.sought: dict[TP, int] = {}
        self.holding = Holding()
        self.engine = SimpleNamespace(
            holding=self.holding,
            shut=lambda: self.said.append("shut"),
            open=lambda: self.said.append("open"),
            take_over=self._say("take over"),
            let_go=self._say("let go"),
            fail=(failures := Failures()),
        )
        self.failures = failures
        self.consumer: Any = object.__new__(SliceConsumer)
        self.consumer.transport = SimpleNamespace(engine=self.engine)
        self.consumer.app = SimpleNamespace(tables=SimpleNamespace(changelog_topics={"changelog"}))
        self.consumer._stopped = asyncio.Event()
        self.consumer._crashed = asyncio.Event()
        self.consumer.log = logging.getLogger("consumer")
        self.consumer.flow_active = True
        self.consumer._committed_offset = self.committed
        self.consumer._thread = SimpleNamespace(tenure=None)
        for name in ("on_partitions_revoked", "on_partitions_assigned", "perform_seek"):
            monkeypatch.setattr(Consumer, name, self._say(f"Faust: {name}"))
        monkeypatch.setattr(Consumer, "resume_flow", lambda _: self.said.append("Faust: resume_flow"))
        self.consumer.highwaters = self._answer(10)
        self.consumer.earliest_offsets = self._answer(2)
        self.consumer.seek_wait = self._seek

    def _say(self, what: str) -> Any:
        async def say(*_: Any) -> None:
            self.said.append(what)

        return say

    def _answer(self, offset: int) -> Any:
        async def answer(*tps: TP) -> dict[TP, int]:
            return dict.fromkeys(tps, offset)

        return answer

    async def _seek(self, offsets: dict[TP, int]) -> None:
        self.sought |= offsets


@pytest.fixture
def around(monkeypatch: pytest.MonkeyPatch) -> Around:
    return Around(monkeypatch)


async def test_a_revocation_stops_the_reading_first(around):
    await around.consumer.on_partitions_revoked({ONE})
    assert around.said == ["shut", "Faust: on_partitions_revoked"]


async def test_an_assignment_is_taken_over_before_faust_hears_of_it(around):
    await around.consumer.on_partitions_assigned({ONE}, 7)
    assert around.said == ["take over", "Faust: on_partitions_assigned"]
    assert around.consumer._thread.tenure is around.holding


async def test_the_reading_begins_after_faust_resumed_the_flow(around):
    around.consumer.resume_flow()
    assert around.said == ["Faust: resume_flow", "open"]


async def test_the_last_seek_says_where_each_partition_begins(around, caplog):
    await around.consumer.perform_seek()
    assert around.said == ["Faust: perform_seek"]  # sought, and not yet open
    assert around.holding.starts == {ONE: 5, TWO: 2, THREE: 2}
    # Faust sought the first; the second has no committed offset, and the third one that lies behind its end.
    assert around.sought == {TWO: 2, THREE: 2}
    assert "input-2 ends before its committed offset" in caplog.text


async def test_a_seek_while_the_flow_is_stopped_is_not_the_last_one(around):
    """It comes from a poll, and what it would read may not be ours yet."""
    around.consumer.flow_active = False
    await around.consumer.perform_seek()
    assert around.said == []
    assert around.holding.starts is None


async def test_a_seek_while_nothing_is_held_is_not_the_last_one(around):
    around.engine.holding = None
    await around.consumer.perform_seek()
    assert around.said == []


async def test_a_seek_that_a_rebalance_overtook_does_not_count(around):
    async def rebalance(_: Any) -> None:
        around.engine.holding = Holding()

    around.consumer.seek_wait = rebalance
    await around.consumer.perform_seek()
    assert around.holding.starts is None
    assert around.engine.holding.starts is None


@pytest.mark.parametrize("recovered, complete", [(9, True), (8, False), (None, False)])
async def test_streams_do_not_begin_behind_a_table_that_is_not_recovered(around, recovered, complete):
    """Faust goes on where its patience ends."""
    lane = around.holding.lanes[ONE]
    lane.changelog, lane.recovered = CHANGELOG, recovered
    await around.consumer.perform_seek()
    assert [what for what, _ in around.failures.seen] == ([] if complete else ["changelog-0 was not recovered"])


async def test_an_empty_changelog_is_recovered(around):
    lane = around.holding.lanes[ONE]
    lane.changelog, lane.recovered = CHANGELOG, None
    around.consumer.highwaters = around.consumer.earliest_offsets
    around.committed |= {ONE: 1, THREE: 1}
    await around.consumer.perform_seek()
    assert around.failures.seen == []


async def test_state_that_cannot_be_compared_with_its_changelog_ends_the_process(around):
    """aiokafka would log what its callback raises, and wait for the next rebalance."""
    error, lane = OSError("a disk that is gone"), around.holding.lanes[ONE]

    def reconcile(beginning: int, end: int) -> str | None:
        raise error

    lane.changelog, lane.reconcile = CHANGELOG, reconcile
    await around.consumer.on_partitions_assigned({ONE})
    assert around.failures.seen == [("state and changelogs could not be compared", error)]


async def cancel_a_seek(around: Around) -> None:
    around.consumer.seek_wait = lambda _: asyncio.Event().wait()
    seeking = asyncio.create_task(around.consumer.perform_seek())
    await settled()
    seeking.cancel()
    await asyncio.wait({seeking})
    assert seeking.cancelled()


async def test_a_last_seek_that_faust_gives_up_ends_the_process(around):
    """Faust would go on as if it were done."""
    await cancel_a_seek(around)
    assert [what for what, _ in around.failures.seen] == ["partitions could not be sought"]


async def test_a_last_seek_may_be_given_up_when_all_stops(around):
    around.consumer._stopped.set()
    await cancel_a_seek(around)
    assert around.failures.seen == []


async def test_faust_s_waiting_is_the_letting_go(around):
    await around.consumer.wait_empty()
    assert around.said == ["let go"]
