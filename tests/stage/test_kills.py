"""A reader of committed records sees each record exactly once, whatever becomes of the workers."""

import asyncio
import random
import signal
from collections import Counter
from collections.abc import Callable

import orjson
import pytest

from support.events import pairs
from tests.stage.running import SESSION_TIMEOUT, Stage

PAIRS = 60_000


async def assert_exactly_once(stage: Stage, count: int) -> None:
    """Each pair's record is there once, nothing is open, and every event is behind a committed offset."""
    records = [orjson.loads(record.value) for record in await stage.read(stage.flow_run_duration)]
    assert Counter(record["outcome"] for record in records) == {"completed": count}
    assert len({record["record_id"] for record in records}) == count == len(records)
    assert await stage.open_lifecycles() == 0
    assert await stage.unread_events() == []
    assert await stage.read(stage.dead_letter) == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("keyed_by", ["any", "subject"])
async def test_a_worker_that_is_killed_five_times(new_stage: Callable[..., Stage], keyed_by: str) -> None:
    """Two of the kills come before its first commit."""
    stage = new_stage(INPUT_KEYED_BY=keyed_by, INSTANCE_ID="only")
    await stage.feed(pairs(PAIRS))
    for _ in range(2):
        worker = stage.start()
        await stage.until_said(worker, "joins its group")
        await asyncio.sleep(random.uniform(1.0, 1.6))
        worker.kill()
        worker.wait()
    published = 0
    for _ in range(3):
        worker = stage.start()
        published = await stage.until_published(published + PAIRS // 8)
        assert published < PAIRS, "the kill is to come in the middle"
        worker.kill()
        worker.wait()
    assert await stage.unread_events() != []
    worker = stage.start()
    await stage.until_done(workers=[worker])
    worker.terminate()
    assert worker.wait(20) == 0, stage.log(worker)
    worker = stage.start()  # one more restart: what it recovers is what the changelog says
    await stage.until_said(worker, "holds")
    worker.terminate()
    assert worker.wait(20) == 0, stage.log(worker)
    await assert_exactly_once(stage, PAIRS)


@pytest.mark.timeout(300)
async def test_a_worker_that_joins_and_one_that_outsleeps_its_session(new_stage: Callable[..., Stage]) -> None:
    """A second worker joins; the first stands still for longer than its session.

    When it goes on, it hears first of its fence, and ends; or, with nothing in hand, of its lost session, and joins
    anew.
    """
    stage = new_stage()
    feeding = asyncio.create_task(stage.feed(pairs(PAIRS), rate=6000))
    first = stage.start()
    await stage.until_published(PAIRS // 10)
    second = stage.start()
    await stage.until_said(second, "holds")
    await stage.until_published(PAIRS // 4)
    held = stage.log(first).count("holds")
    first.send_signal(signal.SIGSTOP)
    await asyncio.sleep(2 * SESSION_TIMEOUT)
    first.send_signal(signal.SIGCONT)
    async with asyncio.timeout(60):
        while first.poll() is None and stage.log(first).count("holds") == held:
            await asyncio.sleep(0.3)
    await feeding
    await stage.until_done(limit=120, workers=[second])
    if first.poll() is None:
        first.terminate()
        assert first.wait(20) == 0, stage.log(first)
    else:
        assert first.wait() == 1
        assert "so this process ends" in stage.log(first)
    second.terminate()
    assert second.wait(20) == 0, stage.log(second)
    await assert_exactly_once(stage, PAIRS)


@pytest.mark.timeout(300)
async def test_sixty_four_partitions(new_stage: Callable[..., Stage]) -> None:
    """128 producers and as many takings over; then a second worker, which is left alone with all of it."""
    stage = new_stage(PARTITIONS="64")
    await stage.feed(pairs(PAIRS // 6))
    first = stage.start()
    await stage.until_said(first, "holds")
    second = stage.start()
    await stage.until_said(second, "holds")
    first.kill()
    first.wait()
    await stage.feed(pairs(PAIRS // 6, seed=2))
    await stage.until_done(limit=120, workers=[second])
    second.terminate()
    assert second.wait(30) == 0, stage.log(second)
    await assert_exactly_once(stage, PAIRS // 3)
