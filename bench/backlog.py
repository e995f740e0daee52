"""``python -m bench.backlog``: how a worker with little memory works through a backlog of millions of events."""

import asyncio
import resource
import signal
import subprocess
import tempfile
import time

import click

from bench.process import memory_of
from bench.topics import create, write
from local import local_kafka
from support import events
from support.deployment import CORRELATOR, Deployment


async def run(broker: str, pairs: int, limit: int) -> str:
    """Load the backlog, let a worker with at most ``limit`` bytes of address space work through it, and report.

    Raises `RuntimeError` if the worker ended before it was done.
    """
    deployment = Deployment(broker, "backlog", LOG_LEVEL="warning")
    for topic in deployment.inputs:
        await create(broker, topic)
    count = await write(broker, deployment.events, events.pairs(pairs))
    with tempfile.TemporaryDirectory() as directory:
        began = time.monotonic()
        worker = subprocess.Popen(  # noqa: ASYNC220
            [CORRELATOR, "worker"],
            env=deployment.environment(DATA_DIR=directory),
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),  # noqa: PLW1509
        )
        try:
            while not await deployment.is_through():
                if worker.poll() is not None:
                    raise RuntimeError(f"the worker ended with {worker.returncode}")
                await asyncio.sleep(2)
            seconds = time.monotonic() - began
            peak = memory_of(worker.pid).peak
        finally:
            worker.send_signal(signal.SIGTERM)
            code = worker.wait(60)
    return (
        f"{count:,} events, {limit / 2**30:.1f} GiB of address space: done after {seconds:.0f} s"
        f" ({count / seconds:,.0f} a second, the start included), exit {code}, {peak / 1e6:,.0f} MB resident at most"
    )


@click.command()
@click.option("--pairs", default=1_000_000, show_default=True, help="Flow runs, two events each.")
@click.option("--gigabytes", default=2.0, show_default=True, help="Address space that the worker may take, in GiB.")
def main(pairs: int, gigabytes: float) -> None:
    """Measure a worker's memory while it works through a backlog on a local Kafka."""
    with local_kafka() as kafka:
        print(asyncio.run(run(kafka.bootstrap_servers, pairs, int(gigabytes * 2**30))))


if __name__ == "__main__":
    main()
