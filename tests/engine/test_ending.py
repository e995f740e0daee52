"""How a process begins and ends: with what went wrong, at once; or when it is told to, within a limit. With neither
Faust nor a broker: for these, see `test_running`.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from correlator.engine import running
from correlator.engine.running import run
from tests.engine.fakes import OPTIONS, Failures, settled
from tests.engine.kafka import PATIENCE

LONG, SHORT = 3600.0, 0.01
BROKEN = OSError("no such directory")


class App:
    """A Faust app; what it does at its start and its end, a test says."""

    def __init__(self, said: list[str]) -> None:
        self._said = said
        self.crash_reason: BaseException | None = None
        self.in_worker = False
        self.over = asyncio.Event()
        """Whether it has stopped by itself."""
        self.at_start: Callable[[], Awaitable[None]] = nothing
        self.at_stop: Callable[[], Awaitable[None]] = nothing

    async def start(self) -> None:
        self._said.append("the app starts")
        await self.at_start()
        self._said.append("the app has started")

    async def wait_until_stopped(self) -> None:
        await self.over.wait()

    async def stop(self) -> None:
        self._said.append("the app stops")
        await self.at_stop()
        self._said.append("the app has stopped")


class Assignments:
    def __init__(self, said: list[str]) -> None:
        self._said = said
        self.in_hand = False

    async def let_go(self) -> None:
        self._said.append("all is let go")


class Engine:
    """An engine that only writes down what is done with it."""

    id = "unit-worker:one"

    def __init__(self) -> None:
        self.said: list[str] = []
        self.app, self.assignments, self.fail = App(self.said), Assignments(self.said), Failures()
        self.options = OPTIONS._replace(stop_limit=LONG)
        self.at_start: Callable[[], Awaitable[None]] = nothing
        self.watching = asyncio.Event()
        """What its watch waits for."""
        self.watched = False

    async def start(self) -> None:
        await self.at_start()

    async def watch(self) -> None:
        self.watched = True
        try:
            await self.watching.wait()
        finally:
            self.watched = False

    async def stop(self) -> None:
        self.said.append("the engine stops")


async def nothing() -> None:
    pass


async def hang() -> None:
    await asyncio.Event().wait()


async def fail() -> None:
    raise BROKEN


@pytest.fixture
async def engine() -> Engine:
    return Engine()


async def running_(engine: Any) -> asyncio.Task[bool]:
    """Run, as far as that goes without being told to stop."""
    task = asyncio.create_task(run(engine))
    await settled()
    return task


async def told(engine: Any, signal_: int = signal.SIGTERM) -> bool:
    """Run, and be told to stop. Whether everything has stopped."""
    task = await running_(engine)
    signal.raise_signal(signal_)
    return await asyncio.wait_for(task, PATIENCE)


STOPPED = ["the app stops", "the app has stopped", "all is let go", "the engine stops"]
STARTED = ["the app starts", "the app has started"]


# What goes wrong


async def test_an_app_that_cannot_start_ends_the_process_with_its_error_at_once(engine: Engine):
    """Nobody would hear of it before the watchdog says that nothing goes on."""
    engine.app.at_start = fail
    await asyncio.wait_for(await running_(engine), PATIENCE)
    assert engine.fail.seen == [("the app crashed", BROKEN)]


async def test_a_transactional_id_that_cannot_be_taken_ends_the_process(engine: Engine):
    engine.at_start = fail
    await running_(engine)
    assert engine.fail.seen == [("could not take the transactional id unit-worker:one", BROKEN)]


@pytest.mark.parametrize("reason", [BROKEN, None])
async def test_an_app_that_ends_unasked_ends_the_process(engine: Engine, reason: Exception | None):
    task = await running_(engine)
    assert not task.done()
    engine.app.crash_reason = reason
    engine.app.over.set()
    await asyncio.wait_for(task, PATIENCE)
    ((what, error),) = engine.fail.seen
    assert what == "the app crashed"
    assert str(error) == ("it ended unexpectedly" if reason is None else str(reason))


async def test_a_watch_that_ends_ends_the_process(engine: Engine):
    await running_(engine)
    engine.watching.set()
    await settled()
    ((what, error),) = engine.fail.seen
    assert (what, str(error)) == ("the watchdog stopped", "it ended unexpectedly")


# Told to stop


@pytest.mark.parametrize("signal_", [signal.SIGTERM, signal.SIGINT])
async def test_told_to_stop_it_finishes_what_is_in_hand_and_closes_what_that_needs_last(engine: Engine, signal_: int):
    engine.assignments.in_hand = True
    assert await told(engine, signal_)
    assert engine.said == [*STARTED, *STOPPED]
    assert engine.fail.seen == []
    await settled()
    assert not engine.watched


@pytest.mark.parametrize("at_the_end", [nothing, fail], ids=["it can", "it fails then"])
async def test_a_start_that_is_not_done_is_broken_off(engine: Engine, at_the_end: Callable[[], Awaitable[None]]):
    """What fails because of that is no failure."""

    broken_off = asyncio.Event()

    async def start() -> None:
        try:
            await hang()
        finally:
            broken_off.set()
            await at_the_end()

    engine.app.at_start = start
    assert await told(engine)
    assert engine.said == ["the app starts", *STOPPED]
    assert broken_off.is_set()
    assert engine.fail.seen == []


async def test_an_app_that_has_crashed_when_it_is_told_to_stop_says_so(engine: Engine):
    engine.app.crash_reason = BROKEN
    await told(engine)
    assert engine.fail.seen == [("the app crashed", BROKEN)]


async def test_what_fails_while_it_stops_is_raised(engine: Engine):
    engine.app.at_stop = fail
    with pytest.raises(OSError, match="no such directory"):
        await told(engine)


# Within a limit


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("meanwhile", [False, True])
@pytest.mark.parametrize("swallows", [False, True])
async def test_a_stop_is_not_waited_for_beyond_its_limit(
    engine: Engine, before: bool, meanwhile: bool, swallows: bool, monkeypatch: pytest.MonkeyPatch
):
    """It is a failure if there was something in hand: at first, or since a take-over that was under way has ended.

    A cancellation would not end the waiting: Faust swallows it, and waits for the next of its services.
    """
    limits = {True: SHORT, False: LONG} if before else {True: LONG, False: SHORT}
    engine.options = engine.options._replace(stop_limit=limits[True])
    monkeypatch.setattr(running, "STOP_LIMIT_UNREAD", limits[False])
    answered = asyncio.Event()

    async def stop() -> None:
        engine.assignments.in_hand = meanwhile
        try:
            await answered.wait()
        except asyncio.CancelledError:
            if not swallows:
                raise
            await answered.wait()

    engine.app.at_stop, engine.assignments.in_hand = stop, before
    try:
        assert not await told(engine)
        assert engine.said == [*STARTED, "the app stops"], "nothing more is begun"
        assert [what for what, _ in engine.fail.seen] == ["it did not stop within 0 seconds"] * (before or meanwhile)
    finally:
        answered.set()


@pytest.mark.parametrize("in_hand", [False, True])
async def test_what_is_in_hand_has_longer_than_what_is_only_taken_over(
    engine: Engine, in_hand: bool, monkeypatch: pytest.MonkeyPatch
):
    """Faust's consumer may never answer then."""
    monkeypatch.setattr(running, "STOP_LIMIT_UNREAD", SHORT)

    async def stop() -> None:
        await asyncio.sleep(10 * SHORT)

    engine.app.at_stop, engine.assignments.in_hand = stop, in_hand
    assert await told(engine) is in_hand
