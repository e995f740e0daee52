"""The faults, one function each: what is done to a bridge, its server and its Kafka, and what the result is."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from sessions.driver import EXECUTED, Driver
from sessions.server import comes
from tests.bridge.running import Bridge, Bridged
from tests.bridge.scene import BACKFILL, Outcome, Scene

AWAY: Final = BACKFILL + 1
"""Seconds that a bridge is away: longer than the server's websocket looks back."""
HOUR: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)


async def killed(scene: Scene) -> Outcome:
    """A bridge is killed in a transaction, in its catch-up, and while it listens, and is away each time."""
    with scene.trial() as trial:
        bridge = trial.bridge()
        await bridge.ready()
        async with trial.feed.going_on(batch=20, every=0.0):
            await _pause_in_a_transaction(bridge, trial.deployment)
            bridge.kill()
        await trial.feed.send(2000)
        await asyncio.sleep(AWAY)
        await trial.stored()

        held = await trial.deployment.size()
        bridge = trial.bridge()
        await trial.deployment.grows_to(held + 500)
        bridge.kill()
        caught_up = len(await trial.deployment.read(trial.deployment.events))
        assert caught_up < trial.feed.sent, "the kill is to come in the middle of the catch-up"
        await trial.feed.send(50)
        await asyncio.sleep(AWAY)

        bridge = trial.bridge()
        await bridge.ready()
        async with trial.feed.going_on():
            await asyncio.sleep(random.uniform(0.5, 1.5))
            bridge.kill()
        await asyncio.sleep(AWAY)

        bridge, began = trial.bridge(), time.monotonic()
        outcome = await trial.over(bridge, began)
        aborted = await trial.aborted()
        assert aborted, "the first kill is to come in a transaction"
        return outcome._replace(
            says=f"{aborted} records aborted, {caught_up} of {trial.feed.sent} there at the second kill"
        )


async def killed_at_random(scene: Scene) -> Outcome:
    """A bridge is killed again and again, at any moment of its life, while events keep coming."""
    kills = 25 if scene.long else 3
    with scene.trial() as trial:
        async with trial.feed.going_on(batch=20, every=0.02):
            for _ in range(kills):
                bridge = trial.bridge()
                await asyncio.sleep(random.uniform(0.3, 4.0))
                bridge.kill()
        bridge, began = trial.bridge(), time.monotonic()
        outcome = await trial.over(bridge, began)
        return outcome._replace(says=f"{kills} kills, {await trial.aborted()} records aborted")


async def second_bridge(scene: Scene) -> Outcome:
    """A second bridge is started beside the first, which ends."""
    with scene.trial() as trial:
        first = trial.bridge()
        await first.ready()
        async with trial.feed.going_on(batch=5):
            await asyncio.sleep(1)
            began, second = time.monotonic(), trial.bridge()
            code = await first.ends(30)
            seconds = time.monotonic() - began
            await asyncio.sleep(1)
        assert code == 1, first.log
        assert "Traceback" not in first.log, first.log
        outcome = await trial.over(second)
        return outcome._replace(says=f"the first ended with 1 after {seconds:.1f} s: {first.last_words}")


async def duel(scene: Scene) -> Outcome:
    """Two bridges end each other, and each is started again whenever it has ended."""
    seconds, ends = (30 if scene.long else 10), 0
    with scene.trial() as trial:
        both = [trial.bridge(), trial.bridge()]
        until = time.monotonic() + seconds
        async with trial.feed.going_on(batch=5):
            while time.monotonic() < until:
                await asyncio.sleep(0.1)
                for place, bridge in enumerate(both):
                    if not bridge.lives:
                        assert await bridge.ends() == 1, bridge.log
                        ends, both[place] = ends + 1, trial.bridge()
        both[0].kill()
        both[1].kill()
        outcome = await trial.over(trial.bridge())
        return outcome._replace(says=f"for {seconds} s, in which {ends} were ended")


async def server_restarted(scene: Scene) -> Outcome:
    """The server is restarted gracefully while a bridge listens and events come; it may fail to store the last ones."""
    return await _server_ends(scene, scene.server.stop)


async def server_killed(scene: Scene) -> Outcome:
    """The server is killed: events that it had not stored are gone, though a bridge may have heard them."""
    return await _server_ends(scene, scene.server.kill)


async def server_down(scene: Scene) -> Outcome:
    """The server is down, while events of a worker queue up: processes of its runs exit."""
    seconds, server = (120 if scene.long else 7), scene.server
    pool = f"pool-{random.randrange(10**6)}"
    await server.api.pool(pool)
    await server.deploy("exits", pool)
    with scene.trial() as trial:
        trial.counts_what_prefect_says()
        bridge = trial.bridge()
        await bridge.ready()
        worker = await server.worker(f"worker of {pool}", pool)
        # of a run that failed, the worker says so after it has told the API, which it waits for
        runs = [await server.run("exits", {"code": code, "seconds": 5}) for code in (0, 0, 3)]
        for run in runs:
            await server.running(run)
        down = datetime.now(UTC)
        await server.stop()
        try:
            await asyncio.sleep(seconds)
            assert bridge.lives, bridge.log
        finally:
            up = datetime.now(UTC)
            await server.start()
        began = time.monotonic()
        told = [await comes(partial(_is_told, server, run), 90) for run in runs]
        worker.process.terminate()
        await asyncio.to_thread(worker.process.wait, 60)
        outcome = await trial.over(bridge, began)
        queued = sum(down < datetime.fromisoformat(event["occurred"]) < up for event in await server.api.events())
        return outcome._replace(
            says=f"down for {seconds} s, in which {queued} events occurred; {sum(told)} of {len(runs)} exits were told"
        )


async def kafka_down(scene: Scene) -> Outcome:
    """Kafka is killed, and comes back after a while."""
    seconds = 60 if scene.long else 6
    return await _without_kafka(scene, scene.kafka.kill, scene.kafka.start, seconds)


async def kafka_hangs(scene: Scene) -> Outcome:
    """Kafka says nothing for longer than a transaction may take, and its connections stay open."""
    seconds = 90 if scene.long else 10
    return await _without_kafka(scene, scene.kafka.pause, scene.kafka.resume, seconds)


async def asleep(scene: Scene) -> Outcome:
    """A bridge is paused in a transaction, in the long run for longer than one may take, and then goes on."""
    seconds = 90 if scene.long else 5
    with scene.trial() as trial:
        bridge = trial.bridge()
        await bridge.ready()
        async with trial.feed.going_on(batch=20, every=0.0):
            await _pause_in_a_transaction(bridge, trial.deployment)
        await asyncio.sleep(seconds)
        bridge.resume()
        began = time.monotonic()
        await asyncio.sleep(3)
        assert bridge.lives, bridge.log
        return (await trial.over(bridge, began))._replace(says=f"for {seconds} s")


async def burst(scene: Scene) -> Outcome:
    """Many events come at once: the queue that the server has for each listener holds 256."""
    bursts = (10_000, 10_000, 10_000) if scene.long else (3_000,)
    with scene.trial() as trial:
        bridge = trial.bridge()
        await bridge.ready()
        seconds = 0.0
        for count in bursts:
            sent = await trial.feed.send(count)
            seconds = max(seconds, await trial.deployment.there([event["id"] for event in sent], 120))
        said = ways(await bridge.metrics())
        outcome = await trial.over(bridge)
        says = ", ".join(f"{number} {way}" for way, number in said.items())
        return outcome._replace(seconds=seconds, says=says)


async def late(scene: Scene) -> Outcome:
    """Events come up to an hour late, with their old dates: some beside others of their minute, some alone in it."""
    with scene.trial() as trial:
        trial.begins = datetime.now(UTC) - 2 * HOUR
        await trial.feed.send(5, age=HOUR - MINUTE)
        await trial.feed.send(20)
        await trial.stored()
        bridge = trial.bridge()
        await bridge.ready()
        await trial.deployment.there(await trial.stored())
        for age in (HOUR, HOUR - MINUTE, HOUR - MINUTE, 30 * MINUTE, 1.5 * MINUTE):
            await trial.feed.send(3, age=age)
            await asyncio.sleep(0.5)
        return await trial.over(bridge)


FAULTS: Final[Mapping[str, Callable[[Scene], Awaitable[Outcome]]]] = {
    "bridge killed three times": killed,
    "bridge killed at random": killed_at_random,
    "bridge asleep": asleep,
    "a second bridge": second_bridge,
    "two bridges, started again and again": duel,
    "server restarted": server_restarted,
    "server killed": server_killed,
    "server down": server_down,
    "Kafka down": kafka_down,
    "Kafka hangs": kafka_hangs,
    "a burst": burst,
    "events an hour late": late,
}

LONG: Final = frozenset(
    {
        "bridge killed at random",
        "bridge asleep",
        "two bridges, started again and again",
        "server restarted",
        "server killed",
        "Kafka hangs",
    }
)
"""The faults that only run in the long test: the others are shorter and similar."""
GENTLE: Final = frozenset({"bridge killed three times", "a second bridge", "a burst", "events an hour late"})
"""The faults that affect only one bridge, so that others may run at the same time."""


def ways(said: Mapping[str, float]) -> dict[str, int]:
    """How many events came by each way, from a bridge's metrics."""
    found = dict.fromkeys(("live", "swept", "reconciled"), 0.0)
    for name, number in said.items():
        if name.startswith("events_total{"):
            found[name.rpartition("way=")[2].rstrip("}")] += number
    return {way: round(number) for way, number in found.items()}


async def _is_told(server: Driver, run: str) -> bool:
    return await server.api.count([EXECUTED], run) > 0


async def _server_ends(scene: Scene, end: Callable[[], Awaitable[None]]) -> Outcome:
    with scene.trial() as trial:
        trial.loses = True
        bridge = trial.bridge()
        await bridge.ready()
        async with trial.feed.going_on(batch=5):
            await asyncio.sleep(3)
            await end()
        await scene.server.start()
        began = time.monotonic()
        async with trial.feed.going_on(batch=5):
            await asyncio.sleep(2)
        outcome = await trial.over(bridge, began)
        unstored, figures = outcome.figures.others, outcome.figures._replace(others=0)
        return outcome._replace(figures=figures, says=f"{unstored} in the topic that the server had not stored")


async def _without_kafka(scene: Scene, fail: Callable[[], None], heal: Callable[[], None], seconds: int) -> Outcome:
    with scene.trial() as trial:
        bridge = trial.bridge()
        await bridge.ready()
        async with trial.feed.going_on(batch=5):
            await asyncio.sleep(2)
            await asyncio.to_thread(fail)
            try:
                await asyncio.sleep(seconds)
                assert bridge.lives, bridge.log
            finally:
                await asyncio.to_thread(heal)
            began = time.monotonic()
            await asyncio.sleep(2)
        outcome = await trial.over(bridge, began)
        return outcome._replace(says=f"for {seconds} s")


async def _pause_in_a_transaction(bridge: Bridge, deployment: Bridged) -> None:
    """Pause a bridge at random moments until one of them is in a transaction with records."""
    async with asyncio.timeout(60), deployment.transactions() as transactions:
        while True:
            await asyncio.sleep(random.uniform(0.0, 0.03))
            bridge.pause()
            if await transactions.is_open():
                await asyncio.sleep(0.3)  # what is decided already shows by then
                if await transactions.is_open():
                    return
            bridge.resume()
