"""One worker shows the stage, from what its group says and the other workers report."""

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from correlator.address import Address, Reached
from correlator.engine import Member, TopicPartition
from correlator.glance import glance
from correlator.glance.asking import NO_ANSWER, NOT_A_WORKER, PAGE_IS_OFF
from correlator.glance.glance import NO_ADDRESS, OTHER_RELEASE, WRONG_WORKER, Glance, ThisWorker
from correlator.glance.report import WorkerReport, packed
from correlator.page import DEFAULT_OPTIONS
from tests.glance.reports import holding, report
from tests.page.reading import Page, text
from tests.page.views import HOUR, MINUTE, NOW, run

US = ThisWorker("prefect-correlator", "app-worker:one", Reached(Address("a", 1), "one"), "lifecycles", 4)
MINE = report(holding(0, run(1, ago=HOUR, outcome=None)), holding(1), worker="app-worker:one")
THEIRS = report(holding(2), holding(3, run(2, ago=MINUTE, outcome=None)), worker="app-worker:two")


def member(name: str, url: str, *partitions: int, topic: str = "lifecycles") -> Member:
    return Member(f"app-worker:{name}", url, frozenset(TopicPartition(topic, number) for number in partitions))


BOTH = [member("one", "http://a:1/#one", 0, 1), member("two", "http://b:1/#two", 2, 3)]


class Around:
    """The surroundings of a worker, which a test sets. They count how often they were asked."""

    def __init__(self, members: Sequence[Member] | None = BOTH, answer: bytes | str = b"") -> None:
        self.members, self.answer = members, answer or packed(THEIRS)
        self.own: WorkerReport | Exception = MINE
        self.asked: list[Address] = []
        self.times = 0
        self.glance = Glance(US, self._own, self._members, self, lambda: NOW)

    async def _own(self) -> WorkerReport:
        self.times += 1
        if isinstance(self.own, Exception):
            raise self.own
        return self.own

    async def _members(self) -> Sequence[Member] | None:
        return self.members

    async def ask(self, addresses):
        self.asked += (addresses := list(addresses))
        return dict.fromkeys(addresses, self.answer)

    async def json(self):
        return msgspec.json.decode(await self.glance.json())

    async def missing(self) -> list[str]:
        page = Page(await self.glance.html(DEFAULT_OPTIONS))
        return [text(it) for it in page.all("section[@aria-label='What is missing']//li")]


async def test_all_that_is_open_and_who_holds_it():
    around = Around()
    told = await around.json()
    assert around.asked == [Address("b", 1)], "nobody asks itself"
    assert [(it["name"], it["partition"], it["held_by"]) for it in told["open"]["runs"]["rows"]] == [
        ("run-1", 0, "one"),
        ("run-2", 3, "two"),
    ]
    assert (told["complete"], told["group_known"], told["unheld_partitions"]) == (True, True, [])
    assert await around.missing() == []


ANSWERS = {
    NO_ANSWER: (NO_ANSWER, NO_ANSWER),
    PAGE_IS_OFF: (PAGE_IS_OFF, PAGE_IS_OFF),
    "not ours": (b"<html>", NOT_A_WORKER),
    "another release": (msgspec.msgpack.encode([2, 1]), OTHER_RELEASE),
    "a worker of another stage, at an address that was ours": (packed(MINE), WRONG_WORKER),
}


@pytest.mark.parametrize("answer, why", ANSWERS.values(), ids=ANSWERS)
async def test_a_worker_that_does_not_tell_is_missing_with_its_partitions(answer, why):
    around = Around(answer=answer)
    assert await around.missing() == [f"two (b:1) {why}: partitions 2, 3 are missing here."]
    told = await around.json()
    assert [(it["answered"], it["missing"], it["partitions"]) for it in told["workers"]] == [
        (True, None, [0, 1]),
        (False, why, [2, 3]),
    ]
    assert not told["complete"]


@pytest.mark.parametrize("url", ["", "https://b:1/#two", "http://u:p@b:1/", "http://0.0.0.0:0/#two"])
async def test_a_worker_that_says_no_address_is_not_asked(url):
    around = Around([BOTH[0], member("two", url, 2, 3)])
    name = "two" if "#two" in url and "https" not in url else "app-worker:two"
    assert await around.missing() == [f"{name} {NO_ADDRESS}: partitions 2, 3 are missing here."]
    assert around.asked == []


MEMBERS = {
    "nobody is known": (None, "The group has not said yet who else is in it: what other workers hold is missing here."),
    "nobody else is in it": (BOTH[:1], "Nobody holds partitions 2, 3."),
    "we are not in it, either": ([], "Nobody holds partitions 2, 3."),
    "partitions of another topic, and some that there are not": (
        [*BOTH[:1], member("two", "http://b:1/", 2, 3, topic="raw"), member("x", "http://b:2/", -1, 4)],
        None,
    ),
}


@pytest.mark.parametrize("members, sentence", MEMBERS.values(), ids=MEMBERS)
async def test_what_the_group_does_not_tell_is_said(members, sentence):
    around = Around(members, answer=NO_ANSWER)
    *others, last = await around.missing()
    assert last == (sentence or "Nobody holds partitions 2, 3.")
    assert all("it holds no partition" in other for other in others), "none of ours"
    assert len((await around.json())["open"]["runs"]["rows"]) == 1, "our own report is there all the same"


async def test_a_worker_that_recovers_is_said_to():
    around = Around(answer=packed(report(holding(2), worker="app-worker:two")))
    assert await around.missing() == ["two (b:1) is recovering: partition 3 is missing here."]


async def test_however_many_look_the_workers_are_asked_once(monkeypatch):
    around = Around()
    await asyncio.gather(
        *(around.json() for _ in range(20)), around.glance.html(DEFAULT_OPTIONS), around.glance.report()
    )
    assert (len(around.asked), around.times) == (1, 1)
    monkeypatch.setattr(glance, "SHARED_FOR", 0.0)
    around = Around()
    for _ in range(2):
        await around.json()
    assert (len(around.asked), around.times) == (2, 2)


async def test_a_look_that_fails_does_not_stay():
    around = Around()
    around.own = OSError("once")
    with pytest.raises(OSError, match="once"):
        await around.json()
    around.own = MINE
    await asyncio.sleep(glance.SHARED_FOR)
    assert (await around.json())["complete"]


async def test_who_goes_away_ends_nobody_elses_look():
    around = Around()
    first, second = (asyncio.ensure_future(around.json()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second)["complete"]
