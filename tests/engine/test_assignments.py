"""One assignment after the other: each is taken over and let go, and what fails ends the process."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from correlator.engine import Slice
from correlator.engine.assignments import Assignments
from correlator.engine.lane import LostSlice, NotRecovered
from correlator.engine.membership import Membership
from correlator.engine.slices import TopicPartition
from tests.engine.fakes import MEMBER, Failures, Kafka, a_slice, settled

ONE, TWO = TopicPartition("input", 0), TopicPartition("input", 2)


class Holding:
    """Writes down what it is told, and does it when, and as, a test wants it."""

    def __init__(self, lanes: list[TopicPartition], said: list[Any], errors: dict[str, Exception]) -> None:
        self.lanes = dict.fromkeys(lanes)
        self.starts: dict[TopicPartition, int] = {}
        self.is_open = self.is_closed = False
        self.sought, self.closed = asyncio.Event(), asyncio.Event()
        self.sought.set()
        self.closed.set()
        self._said, self._errors = said, errors

    def _say(self, what: str) -> None:
        self._said.append(what)
        if what in self._errors:
            raise self._errors[what]

    async def take_over(self) -> None:
        self._say("take over")

    async def seek(self) -> None:
        await self.sought.wait()
        self._say("seek")
        self.starts = dict.fromkeys(self.lanes, 0)

    def open(self) -> None:
        self._say("open")
        self.is_open = bool(self.starts)

    def offer(self, slices: Iterable[Slice]) -> None:
        self._say("offer")
        self.offered = list(slices)

    def nudge(self) -> None:
        self._say("nudge")

    def shut(self) -> None:
        self._say("shut")
        self.is_open = False

    async def close(self) -> None:
        self._say("close")
        self.is_closed = True
        await self.closed.wait()
        self._say("closed")


class Around:
    def __init__(self) -> None:
        self.failures, self.kafka = Failures(), Kafka()
        self.said: list[Any] = []
        self.errors: dict[str, Exception] = {}
        """What fails, and how."""
        self.held: list[tuple[list[TopicPartition], Membership, Any]] = []
        hold: Any = self._hold
        self.assignments = Assignments({"input"}, hold, fail=self.failures)
        self.stopping = False

    def _hold(self, partitions: Iterable[TopicPartition], membership: Membership, kafka: Any) -> Holding:
        self.held.append((list(partitions), membership, kafka))
        if "hold" in self.errors:
            raise self.errors["hold"]
        return Holding(self.held[-1][0], self.said, self.errors)

    async def take_over(self, *partitions: TopicPartition, membership: Membership = MEMBER) -> Any:
        assigned = {*partitions, TopicPartition("changelog", 9)}
        return await self.assignments.take_over(assigned, membership, self.kafka)

    async def seek(self) -> None:
        await self.assignments.seek(stopping=lambda: self.stopping)

    async def open(self, *partitions: TopicPartition) -> Any:
        holding = await self.take_over(*partitions)
        await self.seek()
        self.assignments.open()
        return holding


@pytest.fixture
async def around() -> Around:
    return Around()


# Taking over


async def test_what_is_held_are_the_partitions_that_stages_read_in_the_name_of_the_member(around):
    holding = await around.take_over(TWO, ONE)
    assert around.assignments.holding is holding
    assert around.held == [([ONE, TWO], MEMBER, around.kafka)]
    assert around.said == ["take over"]


async def test_every_assignment_is_taken_over_anew_also_what_was_held_before(around):
    """Another may have had it in between. Of the membership before, nothing is left to be committed."""
    before = await around.open(ONE)
    around.said.clear()
    later = MEMBER._replace(generation=8)
    holding = await around.take_over(ONE, membership=later)
    assert around.said == ["close", "closed", "take over"]
    assert holding is not before
    assert around.held[-1] == ([ONE], later, around.kafka)


@pytest.mark.parametrize("step", ["hold", "take over"])
async def test_what_cannot_be_taken_over_ends_the_process(around, step):
    """aiokafka would log what its callback raises, and wait for the next rebalance."""
    around.errors[step] = error = OSError("no broker")
    await around.take_over(ONE)
    assert around.failures.seen == [("could not take over the assigned partitions", error)]


# Beginning


@pytest.mark.parametrize(
    "error, what",
    [
        (NotRecovered("half of it"), "the tables could not be recovered"),  # Faust goes on where its patience ends
        (OSError("not authorized"), "could not seek the assigned partitions"),  # Faust would log it, and read nothing
    ],
)
async def test_what_cannot_be_sought_ends_the_process(around, error, what):
    around.errors["seek"] = error
    await around.open(ONE)
    assert around.failures.seen == [(what, error)]
    assert not around.assignments.ready


async def test_while_nothing_is_held_nothing_happens(around):
    await around.seek()
    around.assignments.open()
    around.assignments.nudge()
    around.assignments.shut()
    await around.assignments.let_go()
    assert around.said == []
    assert not around.assignments.ready


@pytest.mark.parametrize(
    "stopping, revoked, fails",
    [
        (False, False, True),  # Faust's patience ends, and it goes on as if all were done
        (True, False, False),
        (False, True, False),
    ],
)
async def test_a_seek_that_is_given_up_ends_the_process_unless_all_is_given_up(around, stopping, revoked, fails):
    holding = await around.take_over(ONE)
    holding.sought.clear()
    around.stopping = stopping
    seeking = asyncio.create_task(around.seek())
    await settled()
    if revoked:
        await around.assignments.let_go()
    seeking.cancel()
    await asyncio.wait({seeking})
    assert seeking.cancelled()
    assert [what for what, _ in around.failures.seen] == ["could not seek the assigned partitions"] * fails


async def test_what_fails_of_a_seek_that_a_rebalance_overtook_is_passed_on_and_ends_nothing(around):
    """The partitions that it seeks may be assigned no more, and Faust, which began it, knows of the rebalance."""
    around.errors["seek"] = OSError("not assigned")
    holding = await around.take_over(ONE)
    holding.sought.clear()
    seeking = asyncio.create_task(around.seek())
    await settled()
    await around.assignments.let_go()
    holding.sought.set()
    with pytest.raises(OSError, match="not assigned"):
        await seeking
    assert around.failures.seen == []


# Slices


async def test_slices_go_to_the_holding_that_they_were_read_for(around):
    before = await around.open(ONE)
    holding = await around.open(ONE)
    around.assignments.offer(before, [a_slice(0, 2, of=ONE)])
    assert "offer" not in around.said, "they are read by whoever holds the partition now"
    around.assignments.offer(holding, [a_slice(0, 3, of=ONE)])
    assert holding.offered == [a_slice(0, 3, of=ONE)]


async def test_slices_of_what_was_let_go_are_dropped(around):
    holding = await around.open(ONE)
    await around.assignments.let_go()
    around.assignments.offer(holding, [a_slice(0, 2, of=ONE)])
    around.assignments.offer(None, [a_slice(0, 2, of=ONE)])
    assert "offer" not in around.said


async def test_a_slice_that_was_lost_ends_the_process(around):
    around.errors["offer"] = error = LostSlice("input-0 went on at 1 instead of 0")
    holding = await around.open(ONE)
    around.assignments.offer(holding, [a_slice(1, 3, of=ONE)])
    assert around.failures.seen == [("a slice was lost on its way to the stage", error)]


# Letting go


async def test_letting_go_holds_nothing(around):
    await around.open(ONE)
    await around.assignments.let_go()
    assert around.assignments.holding is None
    assert around.said[-2:] == ["close", "closed"]
    await around.assignments.let_go()
    assert around.said.count("close") == 1


async def test_what_is_read_or_being_let_go_is_in_hand(around):
    """Stopping gives it time, also in the middle of a rebalance, when nothing is ready."""
    assignments = around.assignments
    assert not assignments.in_hand
    holding = await around.take_over(ONE)
    assert not assignments.in_hand, "what is only recovered can be left"
    await around.seek()
    assignments.open()
    assert assignments.in_hand
    assert assignments.ready
    assignments.shut()
    assert assignments.in_hand
    assert not assignments.ready
    holding.closed.clear()
    letting_go = asyncio.create_task(assignments.let_go())
    await settled()
    assert assignments.holding is None
    assert assignments.in_hand
    holding.closed.set()
    await letting_go
    assert not assignments.in_hand


async def test_a_member_without_partitions_is_ready(around):
    await around.take_over()
    assert around.assignments.ready


async def test_whoever_lets_go_waits_until_all_is_let_go(around):
    """A revocation may be under way when the app is told to stop: the process must not end before its transaction."""
    holding = await around.open(ONE)
    holding.closed.clear()
    first = asyncio.create_task(around.assignments.let_go())
    await settled()
    second = asyncio.create_task(around.assignments.let_go())
    await settled()
    assert not first.done()
    assert not second.done()
    holding.closed.set()
    await asyncio.gather(first, second)
