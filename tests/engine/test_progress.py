"""Progress: whether everything moves that should, and what becomes of a process in which something does not."""

import asyncio
import threading
import time

import pytest

from correlator.engine.progress import Progress, Sign, Standstill
from correlator.engine.watchdog import Watchdog

LOOKS = [  # what is seen each second; for how many seconds it has then stood still
    ([Sign(1), Sign(2), Sign(3)], 0),
    ([Sign(1), Sign(1), Sign(1)], 2),
    ([Sign(1), Sign(1), Sign(2)], 0),
    ([Sign(1), Sign(1), Sign(1, at_rest=True)], 0),
    ([Sign(1, at_rest=True), Sign(1, at_rest=True), Sign(1)], 1),  # since there is something to do
    ([Sign(None), Sign(None)], 1),  # nothing known is no progress either
    ([Sign(1)], 0),  # just begun
]


@pytest.mark.parametrize("signs, still", LOOKS)
def test_standing_still(signs, still):
    progress = Progress(interval=1.0)
    for second, sign in enumerate(signs):
        progress.look({"it": sign}, float(second))
    assert progress.standstill.seconds == still


def test_what_stands_still_for_longest_is_named():
    progress = Progress(interval=1.0)
    progress.look({"one": Sign(1), "other": Sign(1)}, 0.0)
    progress.look({"one": Sign(2), "other": Sign(1)}, 1.0)
    progress.look({"one": Sign(2), "other": Sign(1)}, 2.0)
    assert progress.standstill == Standstill("other", 2.0)
    progress.look({"one": Sign(2)}, 3.0)  # the other is no longer ours
    assert progress.standstill == Standstill("one", 2.0)
    progress.look({}, 4.0)
    assert progress.standstill.seconds == 0


def test_time_in_which_nobody_looked_does_not_count():
    progress = Progress(interval=1.0)
    progress.look({"it": Sign(1)}, 0.0)
    progress.look({"it": Sign(1)}, 3600.0)
    assert progress.standstill.seconds == 1.0


class Failed:
    def __init__(self):
        self.said, self.told = [], threading.Event()

    def __call__(self, what, exc):
        self.said.append(f"{what}: {exc}")
        self.told.set()


@pytest.fixture
def failed():
    return Failed()


async def test_a_standstill_ends_the_process(failed):
    watchdog = Watchdog(lambda: {"raw-3": Sign(7)}, limit=0.05, fail=failed, interval=0.02)
    watching = asyncio.create_task(watchdog.watch())
    await asyncio.to_thread(failed.told.wait, 5)
    watching.cancel()
    assert failed.said[0].startswith("there is no progress: raw-3 has stood still for")


async def test_a_lost_event_loop_ends_the_process(failed):
    moving = iter(range(1_000_000))
    watchdog = Watchdog(lambda: {"raw-3": Sign(next(moving))}, limit=0.2, fail=failed, interval=0.02)
    watching = asyncio.create_task(watchdog.watch())
    await asyncio.sleep(0.1)
    assert failed.said == []
    time.sleep(1)  # noqa: ASYNC251 - as a loop that is lost
    watching.cancel()
    assert failed.said[0].startswith("there is no progress: the event loop has stood still for")


async def test_who_moves_is_left_alone(failed):
    moving = iter(range(1_000_000))
    watchdog = Watchdog(lambda: {"raw-3": Sign(next(moving))}, limit=1.0, fail=failed, interval=0.01)
    watching = asyncio.create_task(watchdog.watch())
    await asyncio.sleep(1.5)
    watching.cancel()
    assert failed.said == []
    assert watchdog.standstill.seconds == 0
