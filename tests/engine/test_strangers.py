"""Which transactions are ended while partitions are taken over: those of workers that are no members any more.

That it saves the wait for a timeout, and what becomes of it without, `test_exactly_once` shows with processes.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import pytest
from aiokafka.errors import GroupAuthorizationFailedError, RequestTimedOutError

from correlator.engine import strangers
from correlator.engine.brokers import Brokers
from correlator.engine.strangers import FIRST_PAUSE, FIRST_PAUSES, LATER_PAUSE, end_strangers
from tests.engine.fakes import Clock, settled
from tests.engine.kafka import until

PREFIX = "app-worker:"


class Group:
    """Brokers that know transactions and members, and write down what they are asked."""

    def __init__(self, ongoing: set[str], members: set[str]) -> None:
        self._ongoing, self._members = ongoing, members
        self.asked: list[str] = []
        self.ended: list[str] = []
        self.fails: dict[str, Exception] = {}

    async def ongoing(self) -> set[str]:
        self._ask("ongoing")
        return set(self._ongoing)

    async def members(self) -> set[str]:
        self._ask("members")
        return self._members

    async def end_transaction(self, transactional_id: str) -> None:
        self._ask("end")
        self._ongoing.discard(transactional_id)
        self.ended.append(transactional_id)

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if what in self.fails:
            raise self.fails.pop(what)


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strangers, "FIRST_PAUSE", 0.0)
    monkeypatch.setattr(strangers, "LATER_PAUSE", 0.0)


async def looked(group: Group, until_: Callable[[], Awaitable[bool] | bool]) -> None:
    """Let it look until something holds; only its cancellation ends it."""
    looking = asyncio.create_task(end_strangers(cast(Brokers, group), PREFIX))
    await until(until_, every=0)
    assert not looking.done()
    looking.cancel()
    await asyncio.wait([looking])
    assert looking.cancelled()


def several_times(group: Group) -> Callable[[], bool]:
    return lambda: group.asked.count("ongoing") > 3


@pytest.mark.parametrize(
    ("ongoing", "members", "ended"),
    [
        (set(), {"app-worker:one"}, []),
        ({"app-worker:one"}, {"app-worker:one"}, []),
        ({"app-worker:dead"}, {"app-worker:one"}, ["app-worker:dead"]),
        ({"app-worker:dead"}, set(), ["app-worker:dead"]),
        ({"app-worker:one", "app-worker:dead"}, {"app-worker:one", "app-worker:two"}, ["app-worker:dead"]),
        ({"app-bridge", "app-input-3", "app-worker", "other-app-worker:dead"}, {"app-worker:one"}, []),
    ],
    ids=["none is open", "a member's", "a dead worker's", "the last one's", "among others", "nobody's business"],
)
async def test_what_is_ended(ongoing: set[str], members: set[str], ended: list[str]):
    group = Group(set(ongoing), members)
    await looked(group, several_times(group))
    assert group.ended == ended


async def test_members_are_not_asked_for_where_nothing_is_open():
    group = Group(set(), {"app-worker:one"})
    await looked(group, several_times(group))
    assert set(group.asked) == {"ongoing"}


async def test_what_is_opened_later_is_found_at_the_next_look():
    """A request of a killed process may arrive late."""
    open_ = set[str]()
    group = Group(open_, set())
    await looked(group, lambda: several_times(group)() and (open_.add("app-worker:dead") or bool(group.ended)))
    assert group.ended[0] == "app-worker:dead"


@pytest.mark.parametrize("question", ["ongoing", "members", "end"])
@pytest.mark.parametrize(
    "error",
    [RequestTimedOutError(), GroupAuthorizationFailedError("app"), OSError("no route"), AssertionError("a bug")],
    ids=lambda error: type(error).__name__,
)
async def test_what_fails_is_tried_at_the_next_look(question: str, error: Exception):
    """Ending transactions only saves time, so no error in it ends the process."""
    group = Group({"app-worker:dead"}, set())
    group.fails = {question: error}
    await looked(group, lambda: bool(group.ended))
    assert group.ended == ["app-worker:dead"]


async def test_it_is_looked_for_often_at_first_and_then_seldom_without_end(monkeypatch: pytest.MonkeyPatch):
    """What a killed process has sent may arrive at any time, and then holds up who reads what is published."""
    monkeypatch.setattr(strangers, "FIRST_PAUSE", FIRST_PAUSE)
    monkeypatch.setattr(strangers, "LATER_PAUSE", LATER_PAUSE)
    clock, group = Clock(monkeypatch, strangers), Group(set(), set())
    began, at = clock.now, list[float]()
    monkeypatch.setattr(group, "_ask", lambda _: at.append(clock.now - began))
    looking = asyncio.create_task(end_strangers(cast(Brokers, group), PREFIX))
    await settled()
    often = FIRST_PAUSE * FIRST_PAUSES
    for _ in range(round((often + 5 * LATER_PAUSE) / FIRST_PAUSE)):
        await clock.go_on(FIRST_PAUSE)
    assert at == [FIRST_PAUSE * n for n in range(FIRST_PAUSES)] + [often + LATER_PAUSE * n for n in range(6)]
    looking.cancel()
