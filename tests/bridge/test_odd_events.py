"""Unusual events: dated ahead, many at one moment, sent twice, too large; and where the bridge begins."""

import asyncio
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.bridge.at_once import outcome
from tests.bridge.faults import HOUR
from tests.bridge.made_up import Feed
from tests.bridge.scene import Scene

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def odd_dates_and_numbers(scene: Scene) -> None:
    """A client's clock is an hour ahead, which must not count as progress; more events share one moment than fit on a
    page; and some contain numbers that JSON does not have. The bridge is away in between.
    """
    with scene.trial() as trial:
        bridge = trial.bridge()
        await bridge.ready()
        ahead = await trial.feed.send(3, age=-HOUR)
        numbers = [trial.feed.event(payload={"of": number}) for number in (math.nan, math.inf, -math.inf)]
        await trial.feed.give(numbers)
        await trial.deployment.there([event["id"] for event in (*ahead, *numbers)])
        bridge.kill()
        await trial.feed.send(3, age=-HOUR)
        (first, *others) = [trial.feed.event() for _ in range(3 * 50 + 7)]
        await trial.feed.give([first, *({**other, "occurred": first["occurred"]} for other in others)])
        await trial.feed.send(3)
        await trial.stored()
        over = await trial.over(trial.bridge())
        assert over.figures.is_exact, over
        assert over.figures.server == 3 + 3 + 3 + 157 + 3


async def events_that_are_sent_again(scene: Scene) -> None:
    """Prefect's clients do this after a connection broke. Events older than the last 1,000 are streamed again by the
    server.
    """
    with scene.trial() as trial:
        bridge = trial.bridge()
        await bridge.ready()
        first = await trial.feed.send(20)
        await trial.deployment.there([event["id"] for event in first])
        await trial.feed.send(1_050)
        await trial.deployment.there(await trial.stored())
        await bridge.stop()
        bridge = trial.bridge()
        await bridge.listens()
        await trial.feed.give_again(first)
        over = await trial.over(bridge)
        assert over.figures.is_exact, over
        assert over.figures.server == 1_070


async def what_is_too_large_is_left_out_and_told(scene: Scene) -> None:
    """The server takes 1.5 MB, the topic one."""
    with scene.trial() as trial:
        bridge = trial.bridge()
        await bridge.ready()
        await trial.feed.send(3)
        large = trial.feed.event(payload={"of": "a" * 1_200_000})
        fits = trial.feed.event(payload={"of": "a" * 900_000})
        await trial.feed.give([large])
        await trial.feed.give([fits])
        await trial.feed.send(3)
        stored = await trial.stored()
        await trial.deployment.there(stored.keys() - {large["id"]})
        await asyncio.sleep(2.5)
        assert (await bridge.metrics())["oversized_events_total"] == 1
        assert large["id"] in bridge.log
        await bridge.stop()
        bridge = trial.bridge()  # which knows of it, and says nothing more
        await bridge.listens()
        await trial.feed.send(3)
        stored = await trial.stored()
        await trial.deployment.there(stored.keys() - {large["id"]})
        assert (await bridge.metrics())["oversized_events_total"] == 0
        await bridge.stop()
        records = await trial.deployment.read(trial.deployment.events)
        assert sorted(record.value for record in records) == sorted(
            value for id_, value in stored.items() if id_ != large["id"]
        )


async def where_it_begins(scene: Scene) -> None:
    """The setting applies to the very first start; any later one continues where the last one left off."""
    await asyncio.gather(*(begins(scene, how) for how in ("now", "a setting", "an option")))


async def begins(scene: Scene, how: str) -> None:
    with scene.trial() as trial:
        old = await trial.feed.send(3, age=2 * HOUR)
        early = await trial.feed.send(3, age=timedelta(minutes=30))
        await trial.stored()
        since = (datetime.now(UTC) - HOUR).isoformat(timespec="seconds").replace("+00:00", "Z")
        arguments = ("--since", since) if how == "an option" else ()
        bridge = trial.bridge(*arguments, BRIDGE_SINCE=since if how == "a setting" else "")
        await bridge.listens()
        late = await trial.feed.send(3)
        await trial.deployment.there([event["id"] for event in late])
        await bridge.stop()
        later = await trial.feed.send(3)
        await trial.stored()
        bridge = trial.bridge(BRIDGE_SINCE=(datetime.now(UTC) - 3 * HOUR).date().isoformat())
        await trial.deployment.there([event["id"] for event in later])
        await asyncio.sleep(2.5)
        await bridge.stop()
        wanted = [*([] if how == "now" else early), *late, *later]
        assert await trial.deployment.ids() == {event["id"] for event in wanted}
        assert not {event["id"] for event in old} & {event["id"] for event in wanted}


async def all_events_of_whatever_name(scene: Scene) -> None:
    with scene.trial() as trial:
        bridge = trial.bridge(BRIDGE_EVENTS="all")
        await bridge.listens()
        sent = [*await trial.feed.send(3), *await Feed(scene.server.api).send(3)]
        await trial.deployment.there([event["id"] for event in sent])
        await bridge.stop()


CASES = {
    "odd dates and numbers": odd_dates_and_numbers,
    "events that are sent again": events_that_are_sent_again,
    "what is too large is left out and told": what_is_too_large_is_left_out_and_told,
    "where it begins": where_it_begins,
    "all events of whatever name": all_events_of_whatever_name,
}


@pytest.mark.parametrize("case", CASES)
async def test_odd_events(came: dict[str, Any], case: str) -> None:
    outcome(came, case)
