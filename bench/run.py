"""One measured run of one contender on one input."""

import asyncio
import contextlib
import os
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from bench.calibration import calibrated
from bench.contenders import Contender, Launch
from bench.inputs import Input
from bench.peers.join import Job
from bench.process import cpu_seconds_of, memory_of
from bench.topics import create, delete
from bench.watching import Watched
from support.deployment import PARTITIONS

MIN_SECOND_HALF: Final = 0.3
"""The least CPU seconds of a second half that is reported: CPU time is sampled every 0.05 s."""


class Run(NamedTuple):
    """The result of a run. CPU seconds are those of the contender alone, in all its threads."""

    contender: str
    input: str
    calibration: float
    """CPU seconds that the fixed piece of work took just before the run."""
    whole: float = 0.0
    """Events per CPU second, from its start until all its records could be read."""
    warm: float | None = None
    """The same for the second half; None if that cannot be measured."""
    wall: float = 0.0
    """Events per second of wall time."""
    memory: int = 0
    """Peak memory in bytes."""
    failure: str | None = None
    """Why the run does not count."""
    load: float = 0.0
    """The load average of the minute before, which includes the run before."""


class _Sample(NamedTuple):
    records: int
    cpu: float
    seconds: float
    """Seconds since the contender was started."""


class _Failed(Exception):
    """The run does not count; the text says why."""


async def measure(
    broker: str, contender: Contender, launch: Callable[[Job], Launch], input_: Input, limit: float
) -> Run:
    """Run a contender until it has published a record for every pair, then stop it and count everything it has
    published.
    """
    run = Run(contender.name, input_.name, calibrated(), load=os.getloadavg()[0])
    app_id = f"{contender.name}-{uuid.uuid4().hex[:8]}"
    with tempfile.TemporaryDirectory(prefix="bench-") as state:
        job = Job(app_id, broker, input_.topic, f"{app_id}-records", state)
        await create_topics_of(contender, job)
        try:
            return await _measured(run, contender, launch(job), job, input_, limit)
        except _Failed as failed:
            return run._replace(failure=f"{failed}")
        finally:
            await delete(broker, app_id)


async def create_topics_of(contender: Contender, job: Job, partitions: int = PARTITIONS) -> None:
    """Create the topics that a contender needs besides its input."""
    await create(job.broker, job.output, partitions)
    for changelog in contender.changelogs:
        await create(job.broker, f"{job.app_id}{changelog}", partitions, cleanup_policy="compact")


async def _measured(run: Run, contender: Contender, launch: Launch, job: Job, input_: Input, limit: float) -> Run:
    async with Watched(job.broker, job.output) as watched:
        with started(launch, job.state, contender.stop) as process:
            samples = await _watch(process, watched, input_.pairs, limit, Path(job.state, "log"))
            memory = memory_of(process.pid).peak
        await watched.read()  # it may have published more while it ended
    if (watched.records, len(watched.keys)) != (input_.pairs, input_.pairs):
        raise _Failed(f"{watched.records:,} records, {len(watched.keys):,} keys, of {input_.pairs:,} pairs")
    return run._replace(
        whole=input_.events / samples[-1].cpu,
        warm=None if contender.runs_ahead else _warm(samples, input_.events),
        wall=input_.events / samples[-1].seconds,
        memory=memory,
    )


async def _watch(
    process: subprocess.Popen[bytes], watched: Watched, pairs: int, limit: float, log: Path
) -> list[_Sample]:
    """Sample the progress of a run and its CPU seconds until all records can be read."""
    samples: list[_Sample] = []
    began = time.monotonic()
    while True:
        visible = await watched.visible()
        if process.poll() is not None:
            raise _Failed(f"it ended with {process.returncode}: {last_words(log)}")
        samples.append(_Sample(visible, cpu_seconds_of(process.pid), time.monotonic() - began))
        if visible >= pairs:
            await watched.read()
            if watched.records >= pairs:
                return samples
        if samples[-1].seconds > limit:
            raise _Failed(f"{visible:,} records of {pairs:,} after {limit:.0f} s: {last_words(log)}")
        await asyncio.sleep(0.05)


def _warm(samples: list[_Sample], events: int) -> float | None:
    """Events per CPU second of the second half, or the nearest to it that was sampled; None if that is too far from
    half, or too short to measure.
    """
    end = samples[-1]
    middle = min(samples, key=lambda sample: abs(sample.records - end.records / 2))
    share, cpu = 1 - middle.records / end.records, end.cpu - middle.cpu
    return events * share / cpu if 0.25 <= share <= 0.75 and cpu >= MIN_SECOND_HALF else None


@contextmanager
def started(launch: Launch, state: str, stop: signal.Signals) -> Iterator[subprocess.Popen[bytes]]:
    """Run a contender's process for the length of the block. Its output goes to the file ``log`` in its directory."""
    with Path(state, "log").open("wb") as log:
        process = subprocess.Popen(launch.command, env=launch.env, cwd=state, stdout=log, stderr=log)
    try:
        yield process
    finally:
        for _ in range(4):
            process.send_signal(stop)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
                break
        else:
            process.kill()
            process.wait()


def last_words(log: Path) -> str:
    """The last line of a process's output."""
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else "it printed nothing"
