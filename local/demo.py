"""``make demo``: sample events through the real stage on a real Kafka, and the records as a person reads them.

``make demo STAY=1`` lets the stage run on until Ctrl-C, for a look at its page.
"""

import asyncio
import logging
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from local import NoKafka, local_kafka
from local.deployment import CORRELATOR, Deployment
from local.ports import free_ports
from local.session import SAMPLE, length, session
from local.showing import Show

PATIENCE = 60
"""Seconds that the stage may take for the sample."""


class Failed(Exception):
    """The demo did not get to its end. The text says why."""


def main(*, stay: bool) -> int:
    """Run the demo; returns the exit code. ``stay``: let the stage run on until Ctrl-C."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it says that topics made a moment ago are not there yet
    events = SAMPLE.read_bytes().splitlines()
    show = Show()
    try:
        show.say("Starting a local Kafka …")
        with local_kafka() as kafka:
            show.say(
                f"{kafka.description} at {kafka.bootstrap_servers}. Starting the stage, feeding it {SAMPLE.name}:\n"
            )
            events = _as_now(events)
            asyncio.run(_through_kafka(kafka.bootstrap_servers, events, show, stay=stay))
    except NoKafka as error:
        show.say(f"{error}\nNo Kafka takes part in what follows: the same sample, through `correlator replay`.\n")
        for record in _replayed():
            show.record(str(record["record"]), record)
    except Failed as error:
        show.say(f"The demo failed: {error}")
        return 1
    show.summary(events)
    return 0


def _as_now(events: list[bytes]) -> list[bytes]:
    """As if the session had just ended, so that the page shows it."""
    begins = datetime.now(UTC) - length(events)
    return [due.event for due in session(events, begins, uuid.uuid4().hex)]


async def _through_kafka(broker: str, events: list[bytes], show: Show, *, stay: bool) -> None:
    """On topics of its own, as the Kafka may be the user's; they are deleted afterwards."""
    (port,) = free_ports(1)
    demo = Deployment(broker, "demo", PARTITIONS="8", LOG_LEVEL="warning", WEB_HOST="127.0.0.1", WEB_PORT=str(port))
    with tempfile.TemporaryDirectory() as directory:
        env = demo.environment(DATA_DIR=directory, PAGE="true")
        create = await asyncio.create_subprocess_exec(
            CORRELATOR, "topics", "create", env=env, stdout=asyncio.subprocess.DEVNULL
        )
        try:
            if await create.wait():
                raise Failed("the topics could not be created, as said above.")
            async with AIOKafkaProducer(bootstrap_servers=broker) as producer:
                for event in events:
                    await producer.send(demo.events, event)
            with _running([CORRELATOR, "worker"], env) as worker:
                await _show_records(demo, worker, show)
                if stay:
                    show.say(f"\nThe page of the stage: http://127.0.0.1:{port}/ (Ctrl-C ends it)\n")
                    await _until_interrupted()
        finally:
            await demo.delete_topics()


async def _until_interrupted() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
    await stop.wait()


async def _show_records(demo: Deployment, worker: "subprocess.Popen[bytes]", show: Show) -> None:
    """Show what a reader of committed records sees, until the stage has read all that there is."""
    until = time.monotonic() + PATIENCE
    names = {demo.worker_uptime: "worker-uptime", demo.flow_run_duration: "flow-run-duration"}
    async with AIOKafkaConsumer(
        *names,
        bootstrap_servers=demo.bootstrap_servers,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
    ) as consumer:
        done = False
        while not done:
            if worker.poll() is not None:
                raise Failed(f"the stage ended with {worker.returncode}, and said why above.")
            if time.monotonic() > until:
                raise Failed(f"the stage was not through with the sample after {PATIENCE} seconds.")
            done = await demo.is_through()  # asked first: what was published until then is read now
            while fetched := await consumer.getmany(timeout_ms=1000):
                for record in chain.from_iterable(fetched.values()):
                    show.record(names[record.topic], orjson.loads(record.value or b"{}"))


def _replayed() -> Iterator[dict[str, object]]:
    replay = subprocess.run(
        [CORRELATOR, "replay", SAMPLE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
    )
    return map(orjson.loads, replay.stdout.splitlines())


@contextmanager
def _running(command: list[str | Path], env: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """A program that is stopped at the end, and killed where it does not stop."""
    program = subprocess.Popen(command, env=env)
    try:
        yield program
    finally:
        program.terminate()
        try:
            program.wait(20)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()


if __name__ == "__main__":
    try:
        sys.exit(main(stay="--stay" in sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)  # as a shell says of Ctrl-C
