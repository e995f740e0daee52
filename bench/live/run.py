"""One run: a contender at a steady load for some seconds."""

import asyncio
import contextlib
import tempfile
import uuid
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

from bench.contenders import Contender, Launch
from bench.live.feeding import Feeder
from bench.live.reading import read
from bench.peers.join import Job
from bench.process import cpu_seconds_of, memory_of, sockets_of, threads_of
from bench.run import create_topics_of, last_words, started
from bench.topics import create, delete

DRAIN_TIMEOUT: Final = 20.0
"""Seconds to wait for records after the load has ended."""
STARTUP_TIMEOUT: Final = 60.0
"""Seconds within which a contender must publish its first record; the load begins only then."""


class Load(NamedTuple):
    """The load that a contender is put under."""

    partitions: int
    rate: int
    """Events a second; 0 for none."""
    workers: int = 1
    warming: float = 12.0
    """Seconds at the beginning that do not count: a JVM is slow at first."""
    counting: float = 15.0


class Measurement(NamedTuple):
    """The result of a run. CPU, memory, sockets and threads are those of all the contender's processes together."""

    contender: str
    load: Load
    p50: float | None = None
    """Seconds from producing an end to reading its record, committed; None if the load has no events."""
    p99: float | None = None
    cores: float = 0.0
    event: float = 0.0
    """CPU seconds per event."""
    memory: int = 0
    sockets: int = 0
    threads: int = 0
    failure: str | None = None
    """Why the run does not count; None if it does."""


class _Times:
    """When each run ended, and when its record came."""

    def __init__(self) -> None:
        self.ended: dict[bytes, float] = {}
        self.came: dict[bytes, float] = {}

    def ends(self, key: bytes, at: float) -> None:
        self.ended[key] = at

    def seen(self, key: bytes, at: float) -> None:
        self.came.setdefault(key, at)

    def taken(self, since: float, until: float) -> list[float]:
        return sorted(self.came[key] - at for key, at in self.ended.items() if since <= at < until and key in self.came)

    @property
    def missing(self) -> int:
        return len(self.ended.keys() - self.came.keys())


async def run(broker: str, contender: Contender, launch: Callable[[Job], Launch], load: Load) -> Measurement:
    """Run a contender's workers under a load. Deletes its topics at the end."""
    app_id = f"{contender.name}-{uuid.uuid4().hex[:8]}"
    topics = Job(app_id, broker, f"{app_id}-input", f"{app_id}-records", "")
    await create(broker, topics.input, load.partitions)
    await create_topics_of(contender, topics, load.partitions)
    try:
        with ExitStack() as stack:
            pids = []
            for _ in range(load.workers):
                state = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-"))
                own = launch(topics._replace(state=state)).on(load.partitions)
                process = stack.enter_context(started(own, state, contender.stop))
                pids.append((process, Path(state, "log")))
            seen = await _watched(Measurement(contender.name, load), broker, topics, load, [it.pid for it, _ in pids])
            for process, log in pids:
                if process.poll() is not None:
                    return seen._replace(failure=f"it ended with {process.returncode}: {last_words(log)}")
            return seen
    finally:
        await delete(broker, app_id)


async def _watched(seen: Measurement, broker: str, topics: Job, load: Load, pids: list[int]) -> Measurement:
    times = _Times()
    feeder = Feeder(broker, topics.input, load.partitions, load.rate, times.ends)
    reading = asyncio.create_task(read(broker, topics.output, load.partitions, times.seen))
    begin = asyncio.Event()
    feeding = asyncio.create_task(feeder.run(begin))
    try:
        async with asyncio.timeout(STARTUP_TIMEOUT):
            while not times.came:
                await _sleep(0.1, reading, feeding)
        begin.set()
        await _sleep(load.warming, reading, feeding)
        began, cpu, written = asyncio.get_running_loop().time(), _cpu(pids), feeder.written
        await _sleep(load.counting, reading, feeding)
        ended, spent, count = asyncio.get_running_loop().time(), _cpu(pids) - cpu, feeder.written - written
        memory, sockets, threads = (sum(map(of, pids)) for of in (_memory, sockets_of, threads_of))
        feeder.end()
        await feeding
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_TIMEOUT):
                while times.missing:
                    await _sleep(0.1, reading)
    finally:
        await _stop(feeding, reading)
    taken = times.taken(began, ended)
    return seen._replace(
        p50=_of(taken, 0.5),
        p99=_of(taken, 0.99),
        cores=spent / (ended - began),
        event=spent / count if count else 0.0,
        memory=memory,
        sockets=sockets,
        threads=threads,
        failure=f"{times.missing} records did not come" if times.missing else None,
    )


async def _sleep(seconds: float, *tasks: Awaitable[None]) -> None:
    """Sleep, but raise at once if one of the tasks ends: only an error makes it."""
    done, _ = await asyncio.wait([asyncio.ensure_future(task) for task in tasks], timeout=seconds)
    for task in done:
        task.result()


async def _stop(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _cpu(pids: list[int]) -> float:
    return sum(map(cpu_seconds_of, pids))


def _memory(pid: int) -> int:
    return memory_of(pid).resident


def _of(taken: list[float], quantile: float) -> float | None:
    return taken[int(len(taken) * quantile)] if taken else None
