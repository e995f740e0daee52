"""``python -m bench.backlog``: a worker with little memory before a backlog of millions of events."""

import asyncio
import os
import re
import resource
import signal
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

import click

from bench.__main__ import CORRELATOR
from bench.rates import PARTITIONS, create, load
from local import local_kafka
from local.progress import lags


async def run(broker: str, pairs: int, limit: int) -> None:
    """Load the backlog, let a worker that may take ``limit`` bytes at most work through it, and say how it was."""
    app_id = f"backlog-{uuid.uuid4().hex[:8]}"
    input_ = f"{app_id}-events"
    await create(broker, input_)
    count = await load(broker, input_, pairs)
    with tempfile.TemporaryDirectory() as directory:
        env = {
            "CORRELATOR_BOOTSTRAP_SERVERS": broker,
            "CORRELATOR_APP_ID": app_id,
            "CORRELATOR_TOPIC_EVENTS": input_,
            "CORRELATOR_PARTITIONS": str(PARTITIONS),
            "CORRELATOR_DATA_DIR": directory,
            "CORRELATOR_LOG_LEVEL": "warning",
            "CORRELATOR_WEB_PORT": "0",
        }
        began = time.monotonic()
        worker = subprocess.Popen(  # noqa: ASYNC220
            [CORRELATOR, "worker"],
            env=os.environ | env,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),  # noqa: PLW1509
        )
        try:
            peak = 0
            while worker.poll() is None:
                await asyncio.sleep(2)
                status = Path(f"/proc/{worker.pid}/status").read_text()
                peak = max(peak, *(int(kb) * 1024 for kb in re.findall(r"VmHWM:\s+(\d+) kB", status)), 0)
                topics = (input_, f"{app_id}-lifecycles")
                if not any([any(await lags(broker, app_id, topic)) for topic in topics]):
                    break
            seconds = time.monotonic() - began
            alive = worker.poll() is None
        finally:
            worker.send_signal(signal.SIGTERM)
            code = worker.wait(60)
    how = "through" if alive else "ENDED"
    print(
        f"{count:,} events, limit {limit / 2**30:.1f} GiB of address space: {how} after {seconds:.0f} s, exit {code},"
    )
    print(f"{peak / 1e6:,.0f} MB resident at most")


@click.command()
@click.option("--pairs", default=1_000_000, show_default=True, help="Flow runs, two events each.")
@click.option("--gigabytes", default=2.0, show_default=True, help="Address space that the worker may take, in GiB.")
def main(pairs: int, gigabytes: float) -> None:
    """Measure a worker's memory before a backlog on a local Kafka."""
    with local_kafka() as kafka:
        asyncio.run(run(kafka.bootstrap_servers, pairs, int(gigabytes * 2**30)))


if __name__ == "__main__":
    main()
