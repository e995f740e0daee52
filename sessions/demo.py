"""``make demo-prefect``: runs flows on a real Prefect server, takes their events through the bridge and the stage on a
real Kafka, and shows the records in readable form.

``make demo-prefect STAY=1`` keeps everything running until Ctrl-C, so that you can look at the stage's page.
"""

import asyncio
import logging
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
import click
import orjson

from correlator.settings.bridge import BridgeSettings
from demo.demonstration import Demonstration, Failed, demonstration, end_with_sigterm
from demo.showing import Show
from local import BrokerFailed, NoKafka, local_kafka
from local.ports import free_ports
from sessions.api import Refused
from sessions.asking import release_of
from sessions.driver import Driver
from sessions.explaining import EXPECTED, why
from sessions.installing import Uninstallable, python
from sessions.kept import KEPT
from sessions.processes import ended
from sessions.release import DEFAULT, Release
from sessions.server import LOOPBACK, Stuck, direct
from sessions.session import keep_logs
from support.deployment import variables

WORKER: Final = "Demo Worker"
RUNS: Final[Mapping[str, Mapping[str, int]]] = {
    "completes": {"seconds": 2},
    "raises": {},
    "exits": {"code": 3},
    "sleeps": {"seconds": 120},
}
"""The flows that are run, with their parameters. The one that sleeps is cancelled."""
PREFIXES: Final[tuple[str, ...]] = BridgeSettings.model_fields["bridge_events"].default
"""The prefixes of the names of the events that the bridge reads."""

PATIENCE: Final = 60.0
"""Seconds that bridge and stage may take to finish once the worker has stopped."""
LOGS: Final = KEPT / "demo.logs"
"""The directory for Prefect's logs if the demo fails."""

_POOL: Final = "Demo Pool"
_STOPPING: Final = 30.0
"""Seconds within which the worker must stop."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("version", default=DEFAULT)
@click.option("--stay", is_flag=True, help="Keep everything running until Ctrl-C, for a look at the stage's page.")
def main(version: str, *, stay: bool) -> None:
    """Show the records that bridge and stage make of flows on a real Prefect server of this VERSION."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # its complaints about topics that are a moment old
    end_with_sigterm()
    release, show = release_of(version), Show()
    try:
        show.say("Starting a local Kafka …")
        with local_kafka() as kafka, _home() as home:
            show.say(f"{kafka.description} at {kafka.bootstrap_servers}. Starting a server of Prefect {release} …")
            asyncio.run(_demonstrate(kafka.bootstrap_servers, release, home, show, stay=stay))
    except Uninstallable as error:
        raise click.ClickException(f"Prefect {release} cannot be installed: {error}") from None
    except (NoKafka, BrokerFailed, Failed) as error:
        raise click.ClickException(f"{error}") from None
    except KeyboardInterrupt:
        sys.exit(130)  # a shell's exit code for Ctrl-C


@contextmanager
def _home() -> Iterator[Path]:
    """A temporary PREFECT_HOME, whose logs are kept if the demo fails."""
    with tempfile.TemporaryDirectory(prefix="prefect-demo-", ignore_cleanup_errors=True) as home:
        try:
            yield Path(home).resolve()
        except (Failed, Refused, Stuck) as error:
            keep_logs(Path(home), LOGS)
            raise Failed(f"The demo failed: {error} Prefect's logs are in {LOGS}.") from None


async def _demonstrate(kafka: str, release: Release, home: Path, show: Show, *, stay: bool) -> None:
    driver = Driver(python(release), home, lambda _: None)
    try:
        async with driver.api:
            await driver.start()
            show.say(f"Prefect serves at {driver.url}. Nothing has happened there yet.")
            async with demonstration(kafka, INPUT_KEYED_BY="subject") as demo:
                await _with_the_bridge(driver, demo, show, stay=stay)
    finally:
        await asyncio.to_thread(driver.processes.close)


async def _with_the_bridge(driver: Driver, demo: Demonstration, show: Show, *, stay: bool) -> None:
    (port,) = free_ports(1)
    env = demo.deployment.environment()
    others = {name: value for name, value in env.items() if not name.startswith("PREFECT_")}
    its_own = {"PREFECT_API_URL": driver.url, **direct(driver.url), **variables(BRIDGE_WEB_PORT=f"{port}")}

    async def ready() -> bool:
        demo.check()
        try:
            async with aiohttp.request("GET", f"http://{LOOPBACK}:{port}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    show.say("Starting the two commands that you would start:")
    with demo.running("the bridge", "bridge", env=others | its_own), demo.running("the stage", "worker", env=env):
        show.say("  correlator bridge   reads the server's events, and writes each to a topic, once")
        show.say("  correlator worker   joins starts with ends, and publishes a record of each pair")
        await driver.until("the bridge", ready)
        await _shown(driver, demo, show)
        if stay:
            await demo.stay(show)


async def _shown(driver: Driver, demo: Demonstration, show: Show) -> None:
    """Play the demo and show the records as they come, then a summary and an explanation."""
    playing = asyncio.create_task(_play(driver, show))
    watched = _Watched(demo, playing)
    try:
        async for record in demo.published([demo.deployment.events, *demo.records], watched.is_all):
            if record.topic in demo.records:
                show.record(demo.records[record.topic], orjson.loads(record.value or b"{}"))
            else:
                watched.events.append(record.value or b"{}")
    finally:
        playing.cancel()
    watched.check(show.records)
    show.summary(watched.events)
    show.say(f"\nThe server has {len(watched.events)} events for the bridge, and the topic has each of them, once.\n")
    show.say("Why the records are what they are:\n")
    show.pairs(why(show.records, amended=show.amended))


class _Watched:
    """Compares the events in the topic with those of the server."""

    def __init__(self, demo: Demonstration, playing: "asyncio.Task[frozenset[str]]") -> None:
        """``playing``: the task that returns the ids of the server's events in the end."""
        self.events: list[bytes] = []
        self._demo, self._playing = demo, playing
        self._until = float("inf")

    async def is_all(self) -> bool:
        """Whether everything has been played, and bridge and stage have finished with it. Raises `Failed` if it takes
        too long.
        """
        if not self._playing.done():
            return False
        self._until = min(self._until, time.monotonic() + PATIENCE)
        missing = self._playing.result() - set(self._ids())
        if time.monotonic() > self._until:
            what = f"{len(missing)} events did not come to the topic" if missing else "the stage did not finish"
            raise Failed(f"{what} within {PATIENCE:.0f} seconds.")
        return not missing and await self._demo.deployment.is_through()

    def check(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Raise `Failed` if the events or records are not as they should be."""
        here, there = Counter(self._ids()), Counter(self._playing.result())
        if here != there:
            raise Failed(f"the topic has {here.total()} events, and the server has {there.total()}.")
        outcomes = {record["flow"]["name"]: record["outcome"] for record in records if "flow_run" in record}
        if outcomes != EXPECTED:
            raise Failed(f"the outcomes are {outcomes} and should be {EXPECTED}.")

    def _ids(self) -> list[str]:
        return [orjson.loads(event)["id"] for event in self.events]


async def _play(driver: Driver, show: Show) -> frozenset[str]:
    """Play the demo, and return the ids of the server's events in the end."""
    await driver.api.pool(_POOL)
    for name in RUNS:
        await driver.deploy(name, _POOL)
    show.say("\nStarting a process worker …")
    worker = await driver.worker(WORKER, _POOL)
    show.say("It is at work. Submitting four flow runs: one completes, one raises, one exits with 3, one sleeps.\n")
    runs = {name: await driver.run(name, given) for name, given in RUNS.items()}
    await driver.cancel(runs["sleeps"])
    show.say("The one that sleeps runs, and is now cancelled.")
    for run in runs.values():
        await driver.executed(run)
    show.say("All four have ended. Stopping the worker, so that there is a record of it, too.")
    await asyncio.to_thread(ended, worker.process, signal.SIGTERM, _STOPPING)
    await driver.quiet(60, 3)
    return frozenset(event["id"] for event in await driver.api.events() if event["event"].startswith(PREFIXES))


if __name__ == "__main__":
    main(prog_name="python -m sessions.demo")
