"""Exactly once, whatever happens to the process: the test app against a real broker.

Every one of these feeds pairs, lets something happen, and then counts: each pair published once for a reader of committed
records, each record counted once in the table, nothing left waiting, and the committed offsets at the ends of the input.
"""

import signal

import pytest

from tests.engine.app import STEPS
from tests.engine.kafka import Cluster, Row
from tests.engine.processes import App, Deployment, Deployments, keys, pairs

PAIRS = 1000


async def assert_exactly_once(deployment: Deployment, count: int = PAIRS) -> None:
    joined = await deployment.joined()
    missing, twice = keys(count) - joined, joined - keys(count)
    assert (len(missing), len(twice)) == (0, 0), (missing, twice)
    assert await deployment.state() == (2 * count, 0)
    assert await deployment.is_done()


def complaints(app: App) -> list[str]:
    """The lines of its log that a person would have to look at."""
    return [line for line in app.log.splitlines() if " ERROR " in line or " CRITICAL " in line or "Traceback" in line]


async def test_a_process_that_is_told_to_stop_leaves_all_it_did(deployment: Deployment):
    rows = pairs(PAIRS)
    await deployment.write(rows[:PAIRS])
    app = deployment.start()
    await deployment.until_done(app)
    assert await app.stop() == 0
    assert complaints(app) == []
    before = await deployment.table()
    again = deployment.start()
    told = await again.says("assigned", times=4)
    assert sum(entry["count"] for entry in told) == PAIRS
    assert sum(entry["waiting"] for entry in told) == len(before) - 4  # without the counts
    await deployment.write(rows[PAIRS:])
    await deployment.until_done(again)
    assert await again.stop() == 0
    await assert_exactly_once(deployment)


@pytest.mark.parametrize("store", ["memory", "rocksdb"])
async def test_a_process_that_is_killed_at_any_step(cluster: Cluster, deployments: Deployments, store: str):
    deployment = await deployments.create(cluster, store=store, slice_records=50)
    await deployment.write(pairs(PAIRS))
    for stop_after, step in enumerate(["send", *STEPS, "committed"]):
        app = deployment.start(member="one", stop_at=step, stop_after=max(1, stop_after))
        assert await app.ends() == -signal.SIGKILL
        assert app.entries("stopping", step=step)
    last = deployment.start(member="one")
    await deployment.until_done(last)
    last.kill()
    await assert_exactly_once(deployment)
    again = deployment.start(member="one")
    told = await again.says("assigned", times=4)
    assert [entry["waiting"] for entry in told] == [0, 0, 0, 0]
    assert sum(entry["count"] for entry in told) == 2 * PAIRS


@pytest.mark.parametrize("step", [*STEPS, "committed"])
async def test_a_process_that_was_stopped_until_another_took_over_is_fenced(deployment: Deployment, step: str):
    await deployment.write(pairs(PAIRS))
    zombie = deployment.start(stop_at=step, stop_after=3, stop_signal=int(signal.SIGSTOP), slice_records=50)
    await zombie.says("stopping")
    other = deployment.start()
    await other.says("assigned", times=4)
    await deployment.until_done(other)
    zombie.signal(signal.SIGCONT)
    assert await zombie.ends() == 1
    assert len(complaints(zombie)) == 1, zombie.log
    assert "so this process ends: " in complaints(zombie)[0]
    assert await other.stop() == 0
    await assert_exactly_once(deployment)
