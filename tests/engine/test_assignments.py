"""One assignment after the other, without a broker: each is taken over and let go, and what fails ends the process."""

import asyncio
from typing import Any

import pytest

from correlator.engine.assignments import Assignments
from correlator.engine.kafka import Extent
from correlator.engine.lane import Lane
from correlator.engine.slices import TopicPartition
from tests.engine.fakes import Failures, Kafka, Publisher, Stage, Table, a_slice, settled

ONE = TopicPartition("input", 0)
CHANGELOG = TopicPartition("changelog", 0)


class Around:
    def __init__(self) -> None:
        self.failures, self.stage, self.kafka, self.table = Failures(), Stage(), Kafka(), None
        self.publishers: dict[TopicPartition, Publisher] = {}
        self.refusal: Exception | None = None
        self.assignments = Assignments({"input"}, self._lane, fail=self.failures)
        self.stopping = False

    def _lane(self, tp: TopicPartition) -> Lane:
        self.publishers[tp] = Publisher()
        self.publishers[tp].refusal = self.refusal
        return Lane(tp, self.stage, self.table, self.publishers[tp], limit=100, fail=self.failures)

    async def take_over(self, *partitions: int) -> Any:
        mine = {TopicPartition("input", partition) for partition in partitions}
        return await self.assignments.take_over(mine | {TopicPartition("changelog", 9)}, self.kafka)

    async def seek(self) -> None:
        await self.assignments.seek(stopping=lambda: self.stopping)

    async def open(self) -> None:
        await self.seek()
        self.assignments.open()


@pytest.fixture
async def around() -> Around:
    return Around()


async def test_what_is_held_are_the_partitions_that_stages_read(around):
    holding = await around.take_over(0, 2)
    assert around.assignments.holding is holding
    assert list(holding.lanes) == [("input", 0), ("input", 2)]
    assert [publisher.calls for publisher in around.publishers.values()] == [["start"], ["start"]]


async def test_every_assignment_fences_again_also_what_was_held_before(around):
    await around.take_over(0)
    before = around.publishers[ONE]
    await around.take_over(0)
    assert before.calls == ["start", "stop"]
    assert around.publishers[ONE] is not before


async def test_what_cannot_be_taken_over_ends_the_process(around):
    around.refusal = OSError("no broker")
    await around.take_over(0)
    assert around.failures.seen == [("could not take over the assigned partitions", around.refusal)]
    assert around.assignments.holding is None


async def test_a_table_that_cannot_be_reconciled_with_its_changelog_ends_the_process(around):
    """aiokafka would log what its callback raises, and wait for the next rebalance."""
    error, around.table = OSError("a disk that is gone"), Table()

    def reconcile(partition: int, beginning: int, end: int) -> str | None:
        raise error

    around.table.reconcile = reconcile
    await around.take_over(0)
    assert around.failures.seen == [("could not take over the assigned partitions", error)]


@pytest.mark.parametrize("recovered, complete", [(9, True), (8, False), (None, False)])
async def test_nothing_begins_behind_a_table_that_is_not_recovered(around, recovered, complete):
    """Faust goes on where its patience ends."""
    around.table, around.kafka.held[CHANGELOG] = Table(), Extent(0, 10)
    around.table.store.apply(0, [], recovered)
    await around.take_over(0)
    await around.open()
    said = [f"{what}: {exc}" for what, exc in around.failures.seen]
    if not complete:
        reached = -1 if recovered is None else recovered
        assert said == [f"the tables could not be recovered: changelog-0 was read up to {reached} of 9"]
    assert around.assignments.ready == complete


async def test_an_empty_changelog_is_recovered(around):
    around.table, around.kafka.held[CHANGELOG] = Table(), Extent(10, 10)
    await around.take_over(0)
    await around.open()
    assert around.assignments.ready
    assert around.failures.seen == []


async def test_a_seek_while_nothing_is_held_does_nothing(around):
    await around.open()
    assert not around.assignments.ready


async def give_a_seek_up(around: Around) -> None:
    await around.take_over(0)
    around.kafka.read_from = lambda _: asyncio.Event().wait()
    seeking = asyncio.create_task(around.seek())
    await settled()
    seeking.cancel()
    await asyncio.wait({seeking})
    assert seeking.cancelled()


async def test_a_seek_that_faust_gives_up_ends_the_process(around):
    """Faust would go on as if it were done."""
    await give_a_seek_up(around)
    assert [what for what, _ in around.failures.seen] == ["could not seek the assigned partitions"]


async def test_a_seek_may_be_given_up_when_all_stops(around):
    around.stopping = True
    await give_a_seek_up(around)
    assert around.failures.seen == []


async def test_a_slice_is_decided_while_its_partition_is_read(around):
    around.assignments.offer(a_slice(0, 2, of=ONE))  # nothing is held
    await around.take_over(0)
    around.assignments.offer(a_slice(0, 2, of=ONE))  # of the assignment before
    await around.open()
    around.assignments.offer(a_slice(0, 3, of=ONE))
    await settled()
    assert around.stage.slices == [a_slice(0, 3, of=ONE)]


async def test_a_slice_that_was_lost_ends_the_process(around):
    await around.take_over(0)
    await around.open()
    around.assignments.offer(a_slice(1, 3, of=ONE))
    assert [what for what, _ in around.failures.seen] == ["a slice was lost on its way to the stage"]


async def test_letting_go_holds_nothing(around):
    await around.take_over(0)
    await around.assignments.let_go()
    assert around.assignments.holding is None
    assert around.publishers[ONE].calls == ["start", "stop"]
    await around.assignments.let_go()


async def test_what_is_read_or_being_let_go_is_in_hand(around):
    """Stopping gives it time, also in the middle of a rebalance, when nothing is ready."""
    assignments = around.assignments
    assert not assignments.in_hand
    await around.take_over(0)
    assert not assignments.in_hand, "what is only recovered can be left"
    await around.open()
    assert assignments.in_hand
    assert assignments.ready
    assignments.shut()
    assert assignments.in_hand
    assert not assignments.ready
    around.publishers[ONE].stop = asyncio.Event().wait
    letting_go = asyncio.create_task(assignments.let_go())
    await settled()
    assert assignments.holding is None
    assert assignments.in_hand
    letting_go.cancel()
    await asyncio.wait({letting_go})
    assert not assignments.in_hand


async def test_whoever_lets_go_waits_until_all_is_let_go(around):
    """A revocation may be under way when the app is told to stop: the process must not end before its transaction."""
    await around.take_over(0)
    closing = asyncio.Event()
    stop = around.publishers[ONE].stop

    async def slowly() -> None:
        await closing.wait()
        await stop()

    around.publishers[ONE].stop = slowly
    first = asyncio.create_task(around.assignments.let_go())
    await settled()
    second = asyncio.create_task(around.assignments.let_go())
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

    around.publishers[ONE].publish = fenced
    (lane,) = around.assignments.holding.lanes.values()
    lane._done = 5  # behind slices that changed nothing
    await asyncio.wait({asyncio.create_task(around.assignments.let_go())})
    assert [str(exc) for _, exc in around.failures.seen] == ["fenced"]
