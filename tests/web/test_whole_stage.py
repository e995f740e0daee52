"""One page for the whole stage: three workers, twelve partitions, a real broker, and a browser that looks."""

import asyncio
import json
import re
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from correlator.event import Kind
from correlator.partitioner import partition_for
from correlator.records.identity import record_id
from local.ports import free_ports
from support.events import pairs
from tests.page.chromium import WIDTHS
from tests.page.reading import Page, text
from tests.web.probing import ask

PATIENCE = 90
PARTITIONS = 12
NAMES = [f"correlator-{number}" for number in range(3)]
GOING, ENDED = 60, 30
DECADE = "3650d"
"""The generated runs are of a fixed day. With this limit, none is lost, whatever today's date is."""
IN_TIME = 2.0
"""Seconds within which the page is there, even if some workers do not answer."""


class Look:
    """Three workers, each looked at by its port."""

    def __init__(self, stage: Any) -> None:
        self.stage, self.ports = stage, free_ports(len(NAMES))
        self.workers = [
            stage.start(WEB_PORT=str(port), WEB_HOST="127.0.0.1", INSTANCE_ID=name)
            for port, name in zip(self.ports, NAMES, strict=True)
        ]

    async def json(self, worker: int = 0) -> dict[str, Any]:
        answer = await ask(self.ports[worker], "/open.json", IN_TIME + 5)
        return json.loads(answer.text) if answer.status == 200 else {}

    async def until(self, good: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The document, once it is as it should be."""
        told: dict[str, Any] = {}
        try:
            async with asyncio.timeout(PATIENCE):
                while not (told and good(told)):
                    await asyncio.sleep(0.3)
                    told = await self.json()
        except TimeoutError:
            raise AssertionError(f"{told}\n{self.stage.log(self.workers[0])}") from None
        return told

    async def page(self, worker: int = 0, query: str = "?zoom=1&rows=all") -> tuple[Page, float]:
        """The page, and how long it took."""
        began = time.monotonic()
        answer = await ask(self.ports[worker], f"/{query}", IN_TIME + 5)
        return Page(answer.text), time.monotonic() - began


@pytest.fixture
async def look(kafka, deploy) -> Look:
    """All of them have joined, and what they were fed is open, or published."""
    stage = deploy(kafka, PARTITIONS=str(PARTITIONS), PAGE="true", FLOW_RUN_LIMIT=DECADE, SESSION_TIMEOUT="20")
    look = Look(stage)
    await look.until(lambda told: [len(it["partitions"]) for it in told["workers"]] == [4, 4, 4] and told["complete"])
    going = [event for event in pairs(GOING, seed=2) if b"submitted-flow-run" in event[1]]
    await stage.feed([*pairs(ENDED, seed=1), *going])
    await look.until(lambda it: (it["open"]["runs"]["total"], it["records"]["total"]) == (GOING, ENDED))
    return look


def rows(told: dict[str, Any]) -> dict[str, tuple[int, str]]:
    """The partition and the holder of every open lifecycle."""
    return {it["record_id"]: (it["partition"], it["held_by"]) for it in told["open"]["runs"]["rows"]}


def held(told: dict[str, Any]) -> dict[int, str]:
    return {number: it["name"] for it in told["workers"] for number in it["partitions"]}


async def test_any_worker_shows_all_of_it_with_who_holds_it(look: Look, tab):
    by, expected = held(await look.json()), {}
    for key, value in pairs(GOING, seed=2):
        if b"submitted-flow-run" in value:
            partition = partition_for(key, PARTITIONS)
            expected[record_id(Kind.FLOW_RUN, json.loads(value)["id"])] = (partition, by[partition])
    assert sorted(by) == list(range(PARTITIONS))
    assert {holder for _, holder in expected.values()} == set(NAMES)
    for worker in range(len(NAMES)):
        assert rows(await look.json(worker)) == expected
        shown, _ = await look.page(worker)
        assert "3 workers, 12 partitions" in text(shown.all("header")[0])
        assert shown.all("section[@aria-label='What is missing']") == []
        assert [row["Worker of the stage"] for row in shown.rows("holders")] == NAMES
        holders = {
            row.get("id"): value["Held by"]
            for row, value in zip(
                shown.all("section[@aria-labelledby='runs']//tbody/tr"), shown.rows("runs"), strict=True
            )
        }
        assert holders == {id_: holder for id_, (_, holder) in expected.items()}
        assert len(shown.rows("last")) == ENDED
    for width in WIDTHS.values():
        await tab.open(f"http://127.0.0.1:{look.ports[1]}/?zoom=1&rows=all", width)
        assert await tab.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
        assert await tab.evaluate("document.querySelectorAll('#runs ~ table tbody tr').length") == GOING
    assert tab.said == []


async def test_one_that_is_killed_and_one_that_hangs_are_missing_in_time_and_then_others_hold_their_partitions(
    look: Look, tab
):
    before = await look.json()
    ours = [id_ for id_, (_, by) in rows(before).items() if by == NAMES[0]]
    addresses = {it["name"]: (it["address"], ", ".join(map(str, it["partitions"]))) for it in before["workers"]}
    look.workers[1].kill()
    look.workers[2].send_signal(signal.SIGSTOP)
    await asyncio.sleep(1.1)  # what was told a second ago is as good

    shown, seconds = await look.page()
    assert seconds < IN_TIME
    sentences = [text(it) for it in shown.all("section[@aria-label='What is missing']//li")]
    assert [one_by_one(sentence) for sentence in sentences] == [
        f"{name} ({addresses[name][0]}) {why}: partitions {addresses[name][1]} are missing here."
        for name, why in ((NAMES[1], "cannot be reached"), (NAMES[2], "does not answer"))
    ]
    assert [it.get("id") for it in shown.all("section[@aria-labelledby='runs']//tbody/tr")] == ours
    assert shown.figures()["runs going"] == f"{len(ours)}+"

    await asyncio.sleep(1.1)
    began = time.monotonic()
    await tab.open(f"http://127.0.0.1:{look.ports[0]}/?zoom=1", WIDTHS["phone"])
    assert time.monotonic() - began < IN_TIME + 1, "with what the browser takes to draw it"
    assert await tab.evaluate("document.querySelector('.callout').innerText.includes('does not answer')")
    assert await tab.evaluate("document.documentElement.scrollWidth - innerWidth") == 0

    after = await look.until(lambda told: told["complete"])
    assert set(held(after).values()) == {NAMES[0]}
    assert set(rows(after)) == set(rows(before))


def one_by_one(sentence: str) -> str:
    """With every partition by itself: ``4–6`` is ``4, 5, 6``."""
    return re.sub(
        r"(\d+)–(\d+)",
        lambda found: ", ".join(map(str, range(int(found[1]), int(found[2]) + 1))),
        sentence,
    )


async def test_a_worker_whose_page_is_off_is_said_to_be_so(kafka, deploy):
    stage = deploy(kafka, PARTITIONS="2", PAGE="true")
    shows, hides = free_ports(2)
    stage.start(WEB_PORT=str(shows), WEB_HOST="127.0.0.1", INSTANCE_ID="shows")
    stage.start(WEB_PORT=str(hides), WEB_HOST="127.0.0.1", INSTANCE_ID="hides", PAGE="false")
    told: dict[str, Any] = {}
    async with asyncio.timeout(PATIENCE):
        while [len(it["partitions"]) for it in told.get("workers", [])] != [1, 1]:
            await asyncio.sleep(0.3)
            answer = await ask(shows, "/open.json", PATIENCE)
            told = json.loads(answer.text) if answer.status == 200 else {}
    assert [(it["name"], it["missing"]) for it in told["workers"]] == [
        ("hides", "does not show what it holds: CORRELATOR_PAGE is off there"),
        ("shows", None),
    ]
    assert [(await ask(hides, path)).status for path in ("/", "/open.json", "/part")] == [404] * 3


async def test_a_restart_at_another_address_is_found_there_at_once(look: Look):
    """Its name in the group is static, so no partition moves, and only the coordinator knows the new address."""
    before = held(await look.json())
    look.workers[1].kill()
    look.workers[1].wait()
    (elsewhere,) = free_ports(1)
    look.stage.start(WEB_PORT=str(elsewhere), WEB_HOST="127.0.0.1", INSTANCE_ID=NAMES[1])
    told = await look.until(
        lambda it: f"127.0.0.1:{elsewhere}" in [worker["address"] for worker in it["workers"]] and it["complete"]
    )
    assert held(told) == before
    assert told["open"]["runs"]["total"] == GOING
