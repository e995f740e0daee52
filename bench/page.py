"""``python -m bench.page``: what one page for a whole stage costs, and how long it takes when workers do not answer."""

import asyncio
import json
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

import aiohttp
import click

from bench.topics import create, write
from local import local_kafka
from local.ports import free_ports
from support import events
from support.deployment import CORRELATOR, Deployment

WORKERS: Final = 3
PARTITIONS: Final = 12
APART: Final = 1.2
"""Seconds between two looks: within one, the second would be given the first one's."""
OFTEN: Final = 0.002
"""Seconds between two questions whether a worker's event loop answers."""


class Looked(NamedTuple):
    """What came of looking several times."""

    size: int
    """Bytes."""
    seconds: Sequence[float]
    """In order, least first."""

    def __str__(self) -> str:
        half, most = self.seconds[len(self.seconds) // 2], self.seconds[-1]
        return f"{self.size:>9,} bytes, {half * 1000:>5.0f} ms in the middle, {most * 1000:>5.0f} ms at most"


class Stage:
    """Workers, and a client that looks at the first of them."""

    def __init__(self, session: aiohttp.ClientSession, ports: Sequence[int]) -> None:
        self._session, self._ports = session, ports

    async def get(self, path: str, worker: int = 0) -> bytes:
        async with self._session.get(f"http://127.0.0.1:{self._ports[worker]}{path}") as response:
            response.raise_for_status()
            return await response.read()

    async def until_open(self, count: int) -> None:
        """Wait until as many lifecycles are open, and nothing is missing."""
        while True:
            try:
                told = json.loads(await self.get("/open.json"))
                if told["complete"] and told["open"]["runs"]["total"] == count and len(told["workers"]) == WORKERS:
                    return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(1)

    async def look(self, path: str, times: int) -> Looked:
        seconds, size = list[float](), 0
        for _ in range(times):
            await asyncio.sleep(APART)
            began = time.perf_counter()
            size = len(await self.get(path))
            seconds.append(time.perf_counter() - began)
        return Looked(size, sorted(seconds))

    async def longest_wait(self, worker: int, until: asyncio.Event) -> float:
        """The longest that a worker took to say that it is well: no more than that is its event loop held up."""
        longest = 0.0
        while not until.is_set():
            began = time.perf_counter()
            await self.get("/healthz", worker)
            longest = max(longest, time.perf_counter() - began)
            await asyncio.sleep(OFTEN)
        return longest

    async def waits(self, path: str | None, times: int) -> str:
        """The longest waits of the worker that is looked at, and of another, while somebody looks, or nobody does."""
        over = asyncio.Event()
        waiting = [asyncio.ensure_future(self.longest_wait(worker, over)) for worker in (0, 1)]
        await (self.look(path, times) if path else asyncio.sleep(times * APART))
        over.set()
        asked, other = await asyncio.gather(*waiting)
        return f"{asked * 1000:>5.0f} ms there, {other * 1000:>5.0f} ms at another"


@asynccontextmanager
async def running(
    deployment: Deployment, directory: Path
) -> AsyncIterator[tuple[Stage, list[subprocess.Popen[bytes]]]]:
    ports = free_ports(WORKERS)
    workers = [
        subprocess.Popen(  # noqa: ASYNC220
            [CORRELATOR, "worker"],
            env=deployment.environment(
                WEB_PORT=f"{port}", WEB_HOST="127.0.0.1", INSTANCE_ID=f"worker-{n}", DATA_DIR=str(directory / f"{n}")
            ),
        )
        for n, port in enumerate(ports)
    ]
    try:
        async with aiohttp.ClientSession() as session:
            yield Stage(session, ports), workers
    finally:
        for worker in workers:
            worker.send_signal(signal.SIGCONT)
            worker.kill()
            worker.wait()


async def run(broker: str, count: int, times: int) -> AsyncIterator[str]:
    """Have as many runs open, look, and say how that was."""
    settings = {"PARTITIONS": f"{PARTITIONS}", "PAGE": "true", "FLOW_RUN_LIMIT": "36500d", "LOG_LEVEL": "error"}
    deployment = Deployment(broker, "page", **settings)
    for topic in deployment.inputs:
        await create(broker, topic, PARTITIONS)
    with tempfile.TemporaryDirectory() as directory:
        async with running(deployment, Path(directory)) as (stage, workers):
            submits = (event for event in events.pairs(count) if events.SUBMITTED.encode() in event[1])
            await write(broker, deployment.events, submits, PARTITIONS)
            await stage.until_open(count)
            yield f"{count:,} runs are open, {PARTITIONS} partitions, {WORKERS} workers"
            yield f"page        {await stage.look('/?zoom=1', times)}"
            yield f"all rows    {await stage.look('/?zoom=1&rows=all', times)}"
            yield f"/open.json  {await stage.look('/open.json', times)}"
            yield f"/part       {await stage.look('/part', times)}"
            yield "the longest wait for /healthz:"
            for path in (None, "/?zoom=1", "/open.json"):
                yield f"  {path or 'nobody looks':<14}{await stage.waits(path, times)}"
            workers[1].kill()
            workers[2].send_signal(signal.SIGSTOP)
            yield "one worker is killed, another hangs:"
            yield f"page        {await stage.look('/?zoom=1', times)}"


@click.command()
@click.option("--open", "count", default=100_000, show_default=True, help="Flow runs that are open.")
@click.option("--times", default=10, show_default=True, help="How often to look.")
def main(count: int, times: int) -> None:
    """Measure the page of a stage of three workers on a local Kafka."""

    async def tell(broker: str) -> None:
        async for line in run(broker, count, times):
            click.echo(line)

    with local_kafka() as kafka:
        asyncio.run(tell(kafka.bootstrap_servers))


if __name__ == "__main__":
    main()
