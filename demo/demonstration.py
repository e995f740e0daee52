"""What the demos have in common: programs of ours on topics of their own, and what they publish, as it comes."""

import asyncio
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from itertools import chain
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord

from demo.showing import Show
from local.ports import free_ports
from support.deployment import CORRELATOR, Deployment

STOPPING: Final = 20
"""Seconds that a program has to stop in before it is killed."""


class Failed(Exception):
    """The demo did not get to its end. The text says why."""


def end_with_sigterm() -> None:
    """Let SIGTERM end this process as Ctrl-C does, so that nothing is left of it; in the background of a shell, too."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))


class Demonstration:
    """The stage, with what else takes part, on topics of its own, as the Kafka may be the user's."""

    def __init__(self, deployment: Deployment, port: int) -> None:
        self.deployment = deployment
        self.page = f"http://127.0.0.1:{port}/"
        """Where the stage shows its page."""
        self.records: Mapping[str, str] = {
            deployment.worker_uptime: "worker-uptime",
            deployment.flow_run_duration: "flow-run-duration",
        }
        """By topic, what the records in it are called."""
        self._programs: dict[str, subprocess.Popen[bytes]] = {}

    @contextmanager
    def running(self, name: str, *arguments: str, env: Mapping[str, str]) -> Iterator[None]:
        """Have a command of the correlator run. It is stopped at the end, and killed where it does not stop.

        ``name``: what it is called where it ends by itself.
        """
        program = subprocess.Popen([CORRELATOR, *arguments], env=env)
        self._programs[name] = program
        try:
            yield
        finally:
            del self._programs[name]
            program.terminate()
            try:
                program.wait(STOPPING)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()

    def check(self) -> None:
        """Raise `Failed` where a program has ended by itself."""
        for name, program in self._programs.items():
            if program.poll() is not None:
                raise Failed(f"{name} ended with {program.returncode}, and said why above.")

    async def published(
        self, topics: Iterable[str], done: Callable[[], Awaitable[bool]]
    ) -> AsyncIterator[ConsumerRecord[bytes, bytes]]:
        """What a reader of committed records sees, until it is ``done`` and all is read that was there by then.

        Raises `Failed`: a program ended by itself.
        """
        async with AIOKafkaConsumer(
            *topics,
            bootstrap_servers=self.deployment.bootstrap_servers,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
        ) as consumer:
            over = False
            while not over:
                self.check()
                over = await done()  # asked first: what was published until then is read now
                while fetched := await consumer.getmany(timeout_ms=1000):
                    for record in chain.from_iterable(fetched.values()):
                        yield record

    async def stay(self, show: Show) -> None:
        """Let all go on until Ctrl-C, for a look at the page."""
        show.say(f"\nThe page of the stage: {self.page} (Ctrl-C ends it)\n")
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
        await stop.wait()


@asynccontextmanager
async def demonstration(bootstrap_servers: str, **settings: str) -> AsyncIterator[Demonstration]:
    """Have a demonstration, its topics made; nothing of it is left afterwards. Raises `Failed`."""
    (port,) = free_ports(1)
    web = {"WEB_HOST": "127.0.0.1", "WEB_PORT": f"{port}", "PAGE": "true"}
    with tempfile.TemporaryDirectory() as directory:
        common = {"PARTITIONS": "8", "LOG_LEVEL": "warning", "DATA_DIR": directory}
        deployment = Deployment(bootstrap_servers, "demo", **common, **web, **settings)
        create = await asyncio.create_subprocess_exec(
            *(CORRELATOR, "topics", "create"), env=deployment.environment(), stdout=asyncio.subprocess.DEVNULL
        )
        try:
            if await create.wait():
                raise Failed("the topics could not be created, as said above.")
            yield Demonstration(deployment, port)
        finally:
            await deployment.delete_topics()
