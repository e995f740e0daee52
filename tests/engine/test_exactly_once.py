"""Exactly once, whatever happens to the process: the test app against a real broker.

Every one of these feeds pairs, lets something happen, and then counts: each pair published once for a reader of
committed records, each record counted once in the table, nothing left waiting, the offsets at the ends of the input.
"""

import asyncio
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.engine.app import STARTING, STEPS
from tests.engine.kafka import Cluster, Row, connected
from tests.engine.processes import App, Deployment, Deployments, pairs, until

PAIRS = 1000

SETTLED = 40.0
"""Seconds after which all is well again: a session (6 s), a start and a rebalance, on a slow machine."""

SOON = 5.0
"""Seconds that may pass until what a dead process left open is ended."""

MOMENTS = ["compute", *STEPS, "committed"]
"""All of a beat's life."""


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


@pytest.mark.parametrize(
    "settings", [{}, {"store": "rocksdb"}, {"two_hops": True}], ids=["memory", "rocksdb", "two hops"]
)
async def test_a_process_that_is_killed_at_any_step(
    cluster: Cluster, deployments: Deployments, settings: dict[str, Any]
):
    deployment = await deployments.create(cluster, slice_records=20, **settings)
    await deployment.write(pairs(PAIRS))
    kills = [("send", 1), *((step, 1 + n) for n, step in enumerate([*STEPS, "committed"])), *((s, 1) for s in STARTING)]
    for step, stop_after in kills:
        app = deployment.start(member="one", stop_at=step, stop_after=stop_after)
        assert await app.ends() == -signal.SIGKILL
        assert app.entries("stopping", step=step)
    assert not await deployment.is_done()
    last = deployment.start(member="one")
    await deployment.until_done(last)
    last.kill()
    await deployment.assert_exactly_once(PAIRS)
    again = deployment.start(member="one")
    told = await again.says("assigned", times=4)
    assert [entry["waiting"] for entry in told] == [0, 0, 0, 0]
    assert sum(entry["count"] for entry in told) == 2 * PAIRS


async def go_on(stopped: App) -> None:
    """Wake a process, and wait until it has ended, or joined again as it had nothing to lose."""
    before = len(stopped.entries("assigned"))
    stopped.signal(signal.SIGCONT)
    await until(lambda: stopped.exit_code is not None or len(stopped.entries("assigned")) > before)


# A process that is killed in the middle of a beat, and does not come back


async def killed_in_a_beat(deployment: Deployment) -> App:
    """A process that has left a transaction open, and whose successor is just about to take over."""
    await deployment.write(pairs(PAIRS))
    app = deployment.start(stop_at="commit", stop_after=3)
    assert await app.ends() == -signal.SIGKILL
    other = deployment.start()
    await other.says("settle", partitions=4)
    return other


async def until_nothing_holds_back(cluster: Cluster, deployment: Deployment) -> None:
    """At some moment soon: the successor has transactions of its own."""

    async def free() -> bool:
        return not await cluster.holds_back(deployment.output)

    await until(free, SOON)


async def test_what_a_killed_process_left_open_is_ended_by_who_takes_over(cluster: Cluster, deployments: Deployments):
    """It would keep the rest from readers, and the successor from its work, for a minute."""
    deployment = await deployments.create(cluster, slice_records=50, transaction_timeout=60.0)
    other = await killed_in_a_beat(deployment)
    began = time.monotonic()
    await other.says("settled")
    took = time.monotonic() - began
    await until_nothing_holds_back(cluster, deployment)
    (ended,) = other.entries("ended")
    assert ended["transactional_id"].startswith(f"{deployment.id}-worker:")
    print(f"waited {took:.1f} s for what a killed process had left open")
    assert took < SOON
    await deployment.until_done(other)
    assert await other.stop() == 0
    await deployment.assert_exactly_once(PAIRS)


async def test_where_nobody_ends_what_a_killed_process_left_open_its_timeout_is_waited_for(
    cluster: Cluster, deployments: Deployments
):
    """As with brokers before 3.0. The broker looks every 10 s."""
    deployment = await deployments.create(cluster, slice_records=50, transaction_timeout=15.0, ends_strangers=False)
    other = await killed_in_a_beat(deployment)
    assert await cluster.holds_back(deployment.output)
    assert not other.entries("settled")
    await other.says("settled")
    await until_nothing_holds_back(cluster, deployment)
    await deployment.until_done(other)
    assert await other.stop() == 0
    await deployment.assert_exactly_once(PAIRS)


@pytest.mark.parametrize("at_its_worst", [None, "unsettled"])
async def test_what_is_still_being_committed_is_waited_for(
    cluster: Cluster, deployments: Deployments, at_its_worst: str | None
):
    """No fence reaches a process that has sent its offsets. Who asks for them too soon processes the beat again."""
    deployment = await deployments.create(cluster, slice_records=50, at_its_worst=at_its_worst, ends_strangers=False)
    await deployment.write(pairs(PAIRS))
    slow = deployment.start(stop_at="commit", stop_after=3, stop_signal=int(signal.SIGSTOP))
    await slow.says("stopping")
    other = deployment.start()
    await other.says("settle" if at_its_worst is None else "settled")
    await go_on(slow)
    committed = slow.entries("committed")
    await deployment.until_done(other)
    told = other.entries("settled")[0]["offsets"]
    last: dict[str, int] = {}
    for entry in committed[:3]:
        last |= entry["ends"]
    if at_its_worst is None:
        assert told == last
        await deployment.assert_exactly_once(PAIRS)
    else:
        assert told != last
        assert (await deployment.state())[0] > 2 * PAIRS


# A process that is stopped for so long that another one takes over, and then goes on


OPEN, REFUSED = "ProducerFenced", "NotOurs: the group no longer knows this member (UNKNOWN_MEMBER_ID)"
"""Why a zombie ended: its transaction was ended, or its offsets were refused."""

WOKEN = {
    "compute": {REFUSED},
    "begin": {REFUSED},
    "send": {OPEN, REFUSED},  # batches wait for a moment before the transaction is opened at the broker
    "offsets": {OPEN},
    "commit": {OPEN},
    "committed": {REFUSED, ""},
    "offsets alone": {REFUSED},
    "owing": {REFUSED},
}
"""Where a process is stopped, and why it ends when it goes on; or it hears of its loss before its next beat.

Only where a transaction may be open by then does the successor end those of strangers. Elsewhere, it would sometimes
end the one that the zombie opens when it goes on, before the group can refuse it.
"""


@pytest.fixture(scope="module")
def zombies(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, App | BaseException]]:
    """Zombies of all kinds, after they woke up: all at once, since they take their time to be missed."""

    async def live(deployments: Deployments) -> dict[str, App | BaseException]:
        async with connected(kafka) as cluster:
            woken = await asyncio.gather(
                *(stopped_at(cluster, deployments, step) for step in MOMENTS),
                stopped_with_offsets_alone(cluster, deployments),
                stopped_while_it_owes(cluster, deployments),
                return_exceptions=True,
            )
        return dict(zip(WOKEN, woken, strict=True))

    with Deployments(kafka, tmp_path_factory.mktemp("zombies")) as deployments:
        yield asyncio.run(live(deployments))


async def stopped_at(cluster: Cluster, deployments: Deployments, step: str) -> App:
    """A process that is stopped at a step of a beat."""
    deployment = await deployments.create(cluster, slice_records=50, ends_strangers=OPEN in WOKEN[step])
    await deployment.write(pairs(PAIRS))
    zombie = deployment.start(stop_at=step, stop_after=3, stop_signal=int(signal.SIGSTOP))
    await zombie.says("stopping")
    return await woken(deployment, zombie)


async def stopped_with_offsets_alone(cluster: Cluster, deployments: Deployments) -> App:
    """A process that is stopped when it has nothing to publish, but an offset to commit."""
    deployment = await deployments.create(cluster, ends_strangers=False)
    await deployment.write(Row(n % 4, b"k", b"x of somebody else") for n in range(100))
    zombie = deployment.start(stop_at="begin", stop_signal=int(signal.SIGSTOP))
    await zombie.says("stopping")
    assert not zombie.entries("committed")
    await deployment.write(pairs(PAIRS))
    return await woken(deployment, zombie)


async def stopped_while_it_owes(cluster: Cluster, deployments: Deployments) -> App:
    """A process that is stopped while it publishes nothing, but has an offset yet to commit."""
    deployment = await deployments.create(cluster, ends_strangers=False)
    await deployment.write(pairs(PAIRS))
    zombie = deployment.start(nudge_interval=3600.0)
    await deployment.until_done(zombie)
    await deployment.write(Row(n % 4, b"k", b"x of somebody else") for n in range(100))
    await zombie.says("read", times=4, end=2 * PAIRS // 4 + 25)
    assert not await deployment.is_done()
    zombie.signal(signal.SIGSTOP)
    return await woken(deployment, zombie)


async def woken(deployment: Deployment, zombie: App) -> App:
    """Let another process take over and finish, then let the zombie go on: all is published exactly once."""
    other = deployment.start()
    await deployment.until_done(other)
    await go_on(zombie)
    assert not await deployment.cluster.holds_back(deployment.output)
    assert [await app.stop() for app in (other, zombie) if app.exit_code is None] in ([0], [0, 0])
    await deployment.assert_exactly_once(PAIRS)
    return zombie


@pytest.mark.parametrize("step", WOKEN)
def test_a_process_that_was_stopped_until_another_took_over_is_refused(zombies, step):
    zombie = zombies[step]
    if isinstance(zombie, BaseException):
        raise zombie
    assert zombie.exit_code == 0 or any(word and word in last_word(zombie) for word in WOKEN[step])
    assert zombie.exit_code == 1 or "" in WOKEN[step]


async def test_if_offsets_named_no_member_a_zombie_would_publish_twice(cluster: Cluster, deployments: Deployments):
    """What the tests above would say: the group checks only what names one."""
    deployment = await deployments.create(cluster, slice_records=50, at_its_worst="anonymous")
    await deployment.write(pairs(PAIRS))
    zombie = deployment.start(stop_at="compute", stop_after=3, stop_signal=int(signal.SIGSTOP))
    await zombie.says("stopping")
    other = deployment.start()
    await deployment.until_done(other)
    before = len(zombie.entries("committed"))
    zombie.signal(signal.SIGCONT)
    await until(lambda: len(zombie.entries("committed")) > before)
    assert max((await deployment.joined()).values()) > 1


# Two processes of one name


TOLD_BY_ITS_HEARTBEAT = "NotOurs: another process has the instance id (FENCED_INSTANCE_ID)"


@pytest.mark.parametrize("idle", [True, False], ids=["idle", "busy"])
async def test_of_two_processes_of_one_name_the_one_that_starts_later_goes_on(
    cluster: Cluster, deployments: Deployments, idle: bool
):
    """An orchestrator that believes a machine to be gone starts a second one. The first must not join again: it would
    take the name back, and both would end."""
    deployment = await deployments.create(cluster, slice_records=50)
    rows = pairs(PAIRS)
    await deployment.write(rows[:PAIRS])
    first = deployment.start(member="one")
    await deployment.until_done(first)
    second = deployment.start(member="one")
    await second.says("assigned", times=4)
    if idle:
        assert await first.ends() == 1
    await deployment.write(rows[PAIRS:])
    await deployment.until_done(second)
    assert await first.ends() == 1
    if idle:
        assert last_word(first).endswith(TOLD_BY_ITS_HEARTBEAT)
    assert await second.stop() == 0
    await deployment.assert_exactly_once(PAIRS)


# A process that is stopped while it takes over


@pytest.mark.parametrize("moment", ["settle", "settled", "ends"])
async def test_a_pause_inside_taking_over(cluster: Cluster, deployments: Deployments, moment: str):
    """Either of the two may be the one that ends. With it started again, all is well soon."""
    deployment = await deployments.create(cluster, slice_records=50)
    rows = pairs(3 * PAIRS)
    third = len(rows) // 3
    await deployment.write(rows[:third])
    first = deployment.start()
    await deployment.until_done(first)
    second = deployment.start(stop_at=moment, stop_signal=int(signal.SIGSTOP))
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
