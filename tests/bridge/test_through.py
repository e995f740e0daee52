"""A session on a real Prefect server, through bridge and stage: its records are what was done, and what Prefect says
of it by its API.
"""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from correlator.partitioner import partition_for
from sessions.comparing import compare
from sessions.release import DEFAULT, Release
from sessions.replaying import Record
from sessions.session import driven
from tests.bridge.counting import count
from tests.bridge.made_up import Event
from tests.bridge.running import Bridged
from tests.bridge.scene import Scene

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.xdist_group("bridge-too")]

GRACE = 120
AHEAD = timedelta(minutes=4)
"""Longer than grace, and no more than by which a date may be ahead (rule T2)."""
CLOCK = "of the clock"


def clocks(partitions: int, at: datetime) -> Iterator[Event]:
    """The start of a worker for each partition of the input, after which it is then, and all is decided that waits."""
    found = dict[int, Event]()
    for number in range(1000):
        id_ = f"prefect.worker.process.{CLOCK}-{number}"
        event = {
            "id": f"00000000-0000-4000-8000-{number:012}",
            "event": "prefect.worker.started",
            "occurred": at.isoformat(),
            "resource": {"prefect.resource.id": id_, "prefect.resource.name": CLOCK, "prefect.worker-type": "process"},
            "related": [],
            "payload": {},
        }
        found.setdefault(partition_for(id_.encode(), partitions), event)
    assert len(found) == partitions
    return iter(found.values())


async def last_versions(deployment: Bridged) -> list[Record]:
    """Of each record the last version, with its kind, as ``correlator replay`` writes it."""
    kinds = {"worker-uptime": deployment.worker_uptime, "flow-run-duration": deployment.flow_run_duration}
    last = dict[str, Record]()
    for kind, topic in kinds.items():
        for read in await deployment.read(topic):
            record = orjson.loads(read.value)
            last[record["record_id"]] = {"record": kind, **record}
    return list(last.values())


@pytest.mark.timeout(300)
async def test_every_record_is_what_was_done(scene: Scene, prefect: Path) -> None:
    driver = scene.server
    with scene.trial(GRACE=f"{GRACE}s") as trial:
        trial.counts_what_prefect_says()
        bridge = trial.bridge()
        await bridge.ready()
        worker = trial.deployment.start()
        done = await driven(driver, Release.of(DEFAULT), prefect, time.monotonic(), long=False)
        await driver.api.emit(list(clocks(int(trial.deployment.settings["PARTITIONS"]), datetime.now(UTC) + AHEAD)))
        stored = await trial.stored()
        await trial.deployment.there(stored)
        await trial.deployment.until_done(workers=[worker])
        await bridge.stop()
        worker.terminate()
        assert await asyncio.to_thread(worker.wait, 30) == 0, trial.deployment.log(worker)
        figures = await count(trial.deployment, stored)
        records = await last_versions(trial.deployment)
        letters = await trial.deployment.read(trial.deployment.dead_letter)
    assert figures.is_exact, figures
    assert letters == []
    rows = compare(done, records)
    assert [row for row in rows if row.wrong] == []
    assert len(rows) == len(done.deeds) >= 15
