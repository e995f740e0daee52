"""The scenes of a session. Everything in a scene happens at the same time, so that a session takes only minutes."""

import asyncio
import signal
import time
from datetime import timedelta
from typing import Final

from sessions.deeds import Plot
from sessions.driver import CANCELLING, GIVE_UP_AFTER, Driver

LASTING, KILLED, LONG = "Session Pool", "Pool of the Killed", "Long Pool"
DEPLOYMENTS: Final = {
    LASTING: ("completes", "raises", "exits", "retries", "sleeps", "hooked"),
    KILLED: ("to-be-orphaned", "pending", "unpicked"),
    LONG: ("long",),
}
"""The names of the deployments in each work pool. A name that is not a flow's stands for the one that sleeps."""

_LONG: Final = {"seconds": 120}


async def play(driver: Driver, *, long: bool, killed: bool = True) -> None:
    """Play all scenes. ``long``: also those of more than 5 minutes. ``killed``: also the one in which a worker is
    killed. Raises `Stuck` and `Refused`.
    """
    for pool, names in DEPLOYMENTS.items():
        await driver.api.pool(pool)
        for name in names:  # one after another: SQLite has one writer
            await driver.deploy(name, pool)
    async with asyncio.TaskGroup() as scenes:
        scenes.create_task(_stopped(driver))
        if killed:
            scenes.create_task(_killed(driver))
        if long:
            scenes.create_task(_long(driver))
    await _served(driver)


async def _stopped(driver: Driver) -> None:
    """A worker is stopped when its runs are over."""
    worker = await driver.worker("Session Worker", LASTING)
    async with asyncio.TaskGroup() as runs:
        runs.create_task(_twice(driver))
        runs.create_task(_plain(driver, Plot.RAISES, "raises"))
        runs.create_task(_plain(driver, Plot.EXITS, "exits", code=3))
        runs.create_task(_plain(driver, Plot.RETRIES, "retries"))
        runs.create_task(_cancelled(driver, Plot.CANCELLED, "sleeps"))
        runs.create_task(_cancelled(driver, Plot.HOOKED, "hooked"))
    await driver.end(worker, Plot.STOPPED, signal.SIGINT)


async def _killed(driver: Driver) -> None:
    """A worker is killed during a run, and another one of its name is started."""
    name = "Wörker_2: to be killed"
    first = await driver.worker(name, KILLED)
    since = time.time()
    run = await driver.run("to-be-orphaned", {"seconds": 10})
    with driver.doing(Plot.ORPHANED, run, since) as doing:
        await driver.running(run)
        await asyncio.sleep(2)  # its last events are still on their way
        await driver.end(first, Plot.KILLED, signal.SIGKILL)
        second = await driver.worker(name, KILLED)
        await driver.state(run)
        doing.is_over = True
    await _pending(driver)
    await _unpicked(driver)
    await driver.end(second, Plot.TERMINATED, signal.SIGTERM)


async def _long(driver: Driver) -> None:
    """A worker and a run last too long for Prefect to link their ends to their starts."""
    worker = await driver.worker("Long Worker", LONG)
    since = time.time()
    run = await driver.run("long", {"seconds": 305})
    with driver.doing(Plot.LONG, run, since) as doing:
        await driver.running(run)
        await asyncio.sleep(290)
        doing.is_over = await driver.executed(run)
    await driver.end(worker, Plot.OLD, signal.SIGTERM)


async def _served(driver: Driver) -> None:
    """Flows are served without a worker."""
    server = driver.processes.script("flows.py")
    await driver.served("sleeps", "served")
    since = time.time()
    completing, cancelled = await driver.run("served", {"seconds": 1}), await driver.run("served", _LONG)
    with driver.doing(Plot.SERVED, completing, since) as doing:
        await driver.state(completing)
        doing.is_over = True
    with driver.doing(Plot.SERVED_CANCELLED, cancelled, since):
        await driver.cancel(cancelled)
        await driver.over(cancelled, GIVE_UP_AFTER)
        await driver.quiet(60, 6)
    server.send_signal(signal.SIGINT)


async def _plain(driver: Driver, plot: Plot, function: str, **parameters: int) -> None:
    since = time.time()
    run = await driver.run(function, parameters)
    with driver.doing(plot, run, since) as doing:
        doing.is_over = await driver.executed(run)


async def _twice(driver: Driver) -> None:
    since = time.time()
    run = await driver.run("completes", {"seconds": 2})
    with driver.doing(Plot.COMPLETES, run, since) as doing:
        doing.is_over = await driver.executed(run)
    since = time.time()
    await driver.api.set_state(run, "SCHEDULED", "AwaitingRetry", force=True)
    with driver.doing(Plot.AGAIN, run, since) as doing:
        doing.is_over = await driver.executed(run, 2)


async def _cancelled(driver: Driver, plot: Plot, function: str) -> None:
    since = time.time()
    run = await driver.run(function, _LONG)
    with driver.doing(plot, run, since) as doing:
        await driver.cancel(run)
        doing.is_over = await driver.executed(run)


async def _pending(driver: Driver) -> None:
    since = time.time()
    run = await driver.run("pending", _LONG)
    with driver.doing(Plot.PENDING, run, since) as doing:
        await driver.state(run, {"PENDING"})
        await asyncio.sleep(1)  # it is being submitted; the flow's code takes longer than that to begin
        await driver.api.set_state(run, *CANCELLING)
        doing.is_over = await driver.executed(run)


async def _unpicked(driver: Driver) -> None:
    since = time.time()
    run = await driver.run("unpicked", _LONG, timedelta(hours=1))
    with driver.doing(Plot.UNPICKED, run, since) as doing:
        await driver.api.set_state(run, "CANCELLED", "Cancelled")  # the server refuses Cancelling, and sets this itself
        doing.is_over = True
