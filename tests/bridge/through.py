"""A session on a real Prefect server, through bridge and stage: its records, compared with what was done and what
Prefect's API says.
"""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import orjson

from correlator.partitioner import partition_for
from sessions.comparing import Row, compare
from sessions.deeds import Done
from sessions.release import DEFAULT, Release
from sessions.replaying import Record
from sessions.session import driven
from tests.bridge.counting import count
from tests.bridge.made_up import Event
from tests.bridge.running import Bridged
from tests.bridge.scene import Outcome, Scene

_GRACE: Final = 120
_AHEAD: Final = timedelta(minutes=4)
"""Longer than ``grace``, but within what a date may be ahead (rule T2)."""
_CLOCK: Final = "of the clock"


async def through(scene: Scene, prefect: Path, *, killed: bool) -> tuple[Done, Outcome, list[Row]]:
    """Drive a session while a bridge and a worker of the stage run. ``killed``: as for `sessions.scenes.play`."""
    server = scene.server
    with scene.trial(GRACE=f"{_GRACE}s") as trial:
        trial.counts_what_prefect_says()
        bridge = trial.bridge()
        await bridge.ready()
        worker = trial.deployment.start()
        done = await driven(
            server, Release.of(DEFAULT), prefect, time.monotonic(), long=scene.long and killed, killed=killed
        )
        began = time.monotonic()
        partitions = int(trial.deployment.settings["PARTITIONS"])
        await server.api.emit(list(_clocks(partitions, datetime.now(UTC) + _AHEAD)))
        stored = await trial.stored()
        await trial.deployment.there(stored)
        seconds = time.monotonic() - began
        await trial.deployment.until_done(workers=[worker])
        await bridge.stop()
        worker.terminate()
        assert await asyncio.to_thread(worker.wait, 30) == 0, trial.deployment.log(worker)
        assert await trial.deployment.read(trial.deployment.dead_letter) == []
        outcome = Outcome(await count(trial.deployment, stored), seconds)
        return done, outcome, compare(done, await _last_versions(trial.deployment))


def _clocks(partitions: int, at: datetime) -> Iterator[Event]:
    """The start of a worker in each partition of the input, which moves the clocks so that everything that waits is
    decided.
    """
    found = dict[int, Event]()
    for number in range(1000):
        id_ = f"prefect.worker.process.{_CLOCK}-{number}"
        event = {
            "id": f"00000000-0000-4000-8000-{number:012}",
            "event": "prefect.worker.started",
            "occurred": at.isoformat(),
            "resource": {"prefect.resource.id": id_, "prefect.resource.name": _CLOCK, "prefect.worker-type": "process"},
            "related": [],
            "payload": {},
        }
        found.setdefault(partition_for(id_.encode(), partitions), event)
    assert len(found) == partitions
    return iter(found.values())


async def _last_versions(deployment: Bridged) -> list[Record]:
    """The last version of each record with its kind, as ``correlator replay`` writes it."""
    kinds = {"worker-uptime": deployment.worker_uptime, "flow-run-duration": deployment.flow_run_duration}
    last = dict[str, Record]()
    for kind, topic in kinds.items():
        for read in await deployment.read(topic):
            record = orjson.loads(read.value)
            last[record["record_id"]] = {"record": kind, **record}
    return list(last.values())
