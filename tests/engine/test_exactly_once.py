"""Exactly once, whatever happens to the process: the test app against a real broker.

Every one of these feeds pairs, lets something happen, and then counts: each pair published once for a reader of
committed records, each record counted once in the table, nothing left waiting, the offsets at the ends of the input.
"""

import asyncio
import signal
import time
from collections.abc import Iterator

import pytest

from tests.engine.app import STEPS
from tests.engine.kafka import Cluster, Row, connected
from tests.engine.processes import App, Deployment, Deployments, pairs, until

PAIRS = 1000

SETTLED = 40.0
"""Seconds after which all is well again: a session (6 s), a start and a rebalance, on a slow machine."""

MOMENTS = ["compute", *STEPS, "committed"]
"""All of a slice's life."""


def last_word(app: App) -> str:
    """The one line in which a process said why it ended."""
    assert "Traceback" not in app.log, app.log
    lines = [line for line in app.log.splitlines() if " CRITICAL " in line]
    assert len(lines) == 1, app.log
    assert "so this process ends: " in lines[0]
    return lines[0]


async def test_a_process_that_is_told_to_stop_leaves_all_it_did(deployment: Deployment):
    rows = pairs(PAIRS)
    await deployment.write(rows[:PAIRS])
    app = deployment.start()
    await deployment.until_done(app)
    assert await app.stop() == 0
    said = [line for line in app.log.splitlines() if "GroupCoordinatorNotAvailable" not in line]  # of a new broker
    assert not any(level in line for line in said for level in (" ERROR ", " CRITICAL ", "Traceback")), app.log
    before = await deployment.table()
    again = deployment.start()
    told = await again.says("assigned", times=4)
    assert sum(entry["count"] for entry in told) == PAIRS
    assert sum(entry["waiting"] for entry in told) == len(before) - 4  # without the counts
    await deployment.write(rows[PAIRS:])
    await deployment.until_done(again)
    assert await again.stop() == 0
    await deployment.assert_exactly_once(PAIRS)


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
    await deployment.assert_exactly_once(PAIRS)
    again = deployment.start(member="one")
    told = await again.says("assigned", times=4)
    assert [entry["waiting"] for entry in told] == [0, 0, 0, 0]
    assert sum(entry["count"] for entry in told) == 2 * PAIRS


# A process that is stopped for so long that another one takes over, and then goes on


@pytest.fixture(scope="module")
def zombies(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, App | BaseException]]:
    """Zombies of all kinds, after they woke up: all at once, since they take their time to be missed."""

    async def live(deployments: Deployments) -> dict[str, App | BaseException]:
        async with connected(kafka) as cluster:
            woken = await asyncio.gather(
                *(stopped_at(cluster, deployments, step) for step in MOMENTS),
                stopped_behind_foreign_records(cluster, deployments),
                return_exceptions=True,
            )
        return dict(zip([*MOMENTS, "idle"], woken, strict=True))

    with Deployments(kafka, tmp_path_factory.mktemp("zombies")) as deployments:
        yield asyncio.run(live(deployments))


async def stopped_at(cluster: Cluster, deployments: Deployments, step: str) -> App:
    """A process that is stopped at a step of a transaction."""
    deployment = await deployments.create(cluster, slice_records=50)
    await deployment.write(pairs(PAIRS))
    zombie = deployment.start(stop_at=step, stop_after=3, stop_signal=int(signal.SIGSTOP))
    await zombie.says("stopping")
    return await woken(deployment, zombie)


async def stopped_behind_foreign_records(cluster: Cluster, deployments: Deployments) -> App:
    """A process that is stopped while it publishes nothing, but has an offset yet to commit."""
    deployment = await deployments.create(cluster)
    await deployment.write(pairs(PAIRS))
    zombie = deployment.start(nudge_interval=3600.0)
    await deployment.until_done(zombie)
    await deployment.write(Row(n % 4, b"k", b"x of somebody else") for n in range(100))
    await zombie.says("read", times=4, end=2 * PAIRS // 4 + 25)
    zombie.signal(signal.SIGSTOP)
    return await woken(deployment, zombie)


async def woken(deployment: Deployment, zombie: App) -> App:
    """Let another process take over and finish, then let the zombie go on: all is published exactly once."""
    other = deployment.start()
    await deployment.until_done(other)
    zombie.signal(signal.SIGCONT)
    await zombie.ends()
    assert await other.stop() == 0
    await deployment.assert_exactly_once(PAIRS)
    return zombie


@pytest.mark.parametrize("step", [*MOMENTS, "idle"])
def test_a_process_that_was_stopped_until_another_took_over_is_fenced(zombies, step):
    zombie = zombies[step]
    if isinstance(zombie, BaseException):
        raise zombie
    assert zombie.exit_code == 1
    # The producer's own sender may hear of the fence first; its transaction is gone then, when the batches come.
    assert any(word in last_word(zombie) for word in ("ProducerFenced", "not in transaction"))


async def test_without_the_fence_a_zombie_would_publish_twice(cluster: Cluster, deployments: Deployments):
    """What the tests above would say if a partition's owners did not share a transactional id."""
    deployment = await deployments.create(cluster, slice_records=50, at_its_worst="unfenced")
    await deployment.write(pairs(PAIRS))
    zombie = deployment.start(stop_at="commit", stop_after=3, stop_signal=int(signal.SIGSTOP))
    await zombie.says("stopping")
    other = deployment.start()
    await deployment.until_done(other)
    before = len(zombie.entries("committed"))
    zombie.signal(signal.SIGCONT)
    await until(lambda: len(zombie.entries("committed")) > before)
    assert max((await deployment.joined()).values()) > 1


# A process that is stopped while it takes over


@pytest.mark.parametrize("moment", ["fence", "fenced"])
async def test_a_pause_inside_taking_over(cluster: Cluster, deployments: Deployments, moment: str):
    """Either of the two may be the one that ends. With it started again, all is well soon."""
    deployment = await deployments.create(cluster, slice_records=50)
    rows = pairs(3 * PAIRS)
    third = len(rows) // 3
    await deployment.write(rows[:third])
    first = deployment.start()
    await deployment.until_done(first)
    second = deployment.start(stop_at=moment, stop_after=2, stop_signal=int(signal.SIGSTOP))
    await second.says("stopping")
    await deployment.write(rows[third : 2 * third])
    await deployment.until_done()  # by the first, alone again
    second.signal(signal.SIGCONT)
    woken = time.monotonic()
    await deployment.write(rows[2 * third :])
    apps = {first, second}

    async def settled() -> bool:
        for ended in [app for app in apps if app.exit_code is not None]:
            assert ended.exit_code == 1
            assert "so this process ends: " in last_word(ended)
            apps.remove(ended)
            apps.add(deployment.start())
        return await deployment.is_done()

    await until(settled, SETTLED, every=0.3)
    for app in apps:  # a process that has only just begun does not listen to SIGTERM yet
        await app.says("assigned")
    print(f"{moment}: settled {time.monotonic() - woken:.1f} s after it went on")
    assert [await app.stop() for app in apps] == [0, 0]
    await deployment.assert_exactly_once(3 * PAIRS)


async def test_a_stopped_process_that_has_nothing_to_lose_joins_again(deployment: Deployment):
    rows = pairs(PAIRS)
    await deployment.write(rows[:PAIRS])
    stopped = deployment.start()
    await deployment.until_done(stopped)
    stopped.signal(signal.SIGSTOP)
    other = deployment.start()
    await other.says("assigned", times=4)
    stopped.signal(signal.SIGCONT)
    await stopped.says("assigned", times=6)  # four at first, then its half
    await deployment.write(rows[PAIRS:])
    await deployment.until_done(stopped, other)
    assert [await app.stop() for app in (stopped, other)] == [0, 0]
    await deployment.assert_exactly_once(PAIRS)
