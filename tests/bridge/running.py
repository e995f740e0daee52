"""The bridge as users run it: a process between a Prefect server and a Kafka."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from prometheus_client.parser import text_string_to_metric_families

from local.ports import free_ports
from support.deployment import CORRELATOR
from tests.stage.running import Stage
from tests.web.probing import Answer, ask

RECONCILE = 1
"""Seconds between two sweeps, unless a test says otherwise."""
METRICS = "prefect_correlator_bridge_"
_FOREIGN = ("PREFECT_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy")


class Bridge:
    """A process of the bridge."""

    def __init__(self, arguments: Collection[str], environment: Mapping[str, str], file: Path) -> None:
        self._file = file
        self.port = int(environment["CORRELATOR_BRIDGE_WEB_PORT"])
        with file.open("wb") as log:
            self._process = subprocess.Popen(
                [CORRELATOR, "bridge", *arguments],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def log(self) -> str:
        """Its log."""
        return self._file.read_text(errors="replace")

    @property
    def last_words(self) -> str:
        """The last line of its log."""
        return self.log.strip().rpartition("\n")[2]

    @property
    def lives(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    async def said(self, words: str, within: float = 60) -> None:
        """Wait until it has logged something."""
        async with asyncio.timeout(within):
            while words not in self.log:
                assert self.lives, self.log
                await asyncio.sleep(0.05)

    async def ready(self, within: float = 60) -> None:
        """Wait until its readiness probe succeeds."""
        await self.answers("/readyz", 200, within)

    async def listens(self, within: float = 60) -> None:
        """Wait until it listens to the live stream."""
        await self.said("listens to the live stream", within)

    async def answers(self, path: str, status: int | None, within: float = 60) -> Answer:
        """Wait until its web port answers with a status, and return the answer."""
        answer = Answer(None)
        try:
            async with asyncio.timeout(within):
                while (answer := await ask(self.port, path)).status != status:
                    assert self.lives, self.log
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"{path} says {answer}, not {status}, after {within} s\n{self.log}") from None
        return answer

    async def metrics(self) -> dict[str, float]:
        """Its metrics by name and labels, such as ``events_total{event=other,way=live}``, without their
        common prefix.
        """
        text = (await ask(self.port, "/metrics", timeout=5)).text
        return {
            sample.name.removeprefix(METRICS)
            + (
                f"{{{','.join(f'{k}={v}' for k, v in sorted(sample.labels.items()))}}}" if sample.labels else ""
            ): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name.startswith(METRICS)
        }

    def pause(self) -> None:
        """Pause the process (SIGSTOP), and return when it has stopped."""
        self._process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kill the process without notice (SIGKILL)."""
        self._process.kill()
        self._process.wait()

    async def stop(self, within: float = 30) -> None:
        """Stop the process gracefully; it must exit with 0."""
        self._process.terminate()
        assert await self.ends(within) == 0, self.log

    async def ends(self, within: float = 60) -> int:
        """Wait for its end, and return its exit code."""
        try:
            return int(await asyncio.to_thread(self._process.wait, within))
        except subprocess.TimeoutExpired:
            raise AssertionError(f"did not end within {within} s\n{self.log}") from None


class Bridged(Stage):
    """A deployment of the stage, with bridges that bring it events from a server."""

    def __init__(self, bootstrap_servers: str, directory: Path, url: str, **settings: str) -> None:
        """``settings``: those of the bridges and workers."""
        super().__init__(bootstrap_servers, directory, **{"INPUT_KEYED_BY": "subject", **settings})
        self.url = url
        self.position = f"{self.app_id}-bridge"
        self.bridges: list[Bridge] = []

    def bridge(self, *arguments: str, variables: Mapping[str, str] | None = None, **settings: str) -> Bridge:
        """Start a bridge. ``variables``: further environment variables; empty ones are left out."""
        number = len(self.bridges)
        (port,) = free_ports(1)
        defaults = {"BRIDGE_RECONCILE": f"{RECONCILE}s", "BRIDGE_WEB_PORT": f"{port}", "WEB_HOST": "127.0.0.1"}
        inherited = {
            name: value
            for name, value in self.environment(**{**defaults, **settings}).items()
            if not name.startswith(_FOREIGN)
        }
        given = {"PREFECT_API_URL": self.url, "PREFECT_HOME": f"{self.directory}", **(variables or {})}
        environment = {**inherited, **{name: value for name, value in given.items() if value}}
        self.bridges.append(Bridge(arguments, environment, self.directory / f"{self.position}-{number}.log"))
        return self.bridges[-1]

    def end(self) -> None:
        """End the processes that still run."""
        super().end()
        for bridge in self.bridges:
            if bridge.lives:
                bridge.kill()

    async def there(self, ids: Collection[str], within: float = 60) -> float:
        """Wait until a reader of committed records finds all these events in the input. Returns how long that took."""
        began, missing = time.monotonic(), set(ids)
        try:
            async with asyncio.timeout(within):
                async with self._reader("read_committed") as reader:
                    while missing:
                        for records in (await reader.getmany(timeout_ms=100)).values():
                            missing -= {orjson.loads(record.value)["id"] for record in records}
        except TimeoutError:
            logs = "\n".join(bridge.log for bridge in self.bridges)
            raise AssertionError(f"{len(missing)} of {len(ids)} events did not come in {within} s\n{logs}") from None
        return time.monotonic() - began

    async def ids(self) -> set[str]:
        """The ids of the events that a reader of committed records finds in the input."""
        return {orjson.loads(record.value)["id"] for record in await self.read(self.events)}

    async def size(self) -> int:
        """How many records, committed or not, and transaction markers the input holds."""
        return sum((await self.ends(self.events)).values())

    async def grows_to(self, size: int, within: float = 60) -> None:
        """Wait until the input has that size."""
        async with asyncio.timeout(within), self._reader("read_uncommitted") as reader:
            while sum((await reader.end_offsets(reader.assignment())).values()) < size:
                await asyncio.sleep(0.01)

    @asynccontextmanager
    async def transactions(self) -> AsyncIterator["Transactions"]:
        """Watch the open transactions of the input."""
        async with self._reader("read_committed") as committed, self._reader("read_uncommitted") as written:
            yield Transactions(committed, written)

    @asynccontextmanager
    async def _reader(self, isolation: str) -> AsyncIterator[AIOKafkaConsumer]:
        """A reader of the input from its beginning, once a bridge has created it."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap_servers)
        await admin.start()
        try:
            while self.events not in await admin.list_topics():
                await asyncio.sleep(0.1)
        finally:
            await admin.close()
        partitions = [TopicPartition(self.events, number) for number in range(int(self.settings["PARTITIONS"]))]
        async with AIOKafkaConsumer(bootstrap_servers=self.bootstrap_servers, isolation_level=isolation) as consumer:
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            yield consumer


class Transactions:
    """The open transactions of a topic."""

    def __init__(self, committed: AIOKafkaConsumer, written: AIOKafkaConsumer) -> None:
        self._committed, self._written = committed, written

    async def is_open(self) -> bool:
        """Whether a transaction is open that has written records."""
        ends = [await reader.end_offsets(reader.assignment()) for reader in (self._committed, self._written)]
        return ends[0] != ends[1]


@contextmanager
def bridged(bootstrap_servers: str, directory: Path, url: str, **settings: str) -> Iterator[Bridged]:
    """Run a deployment for the length of the block, and end its processes after that."""
    deployment = Bridged(bootstrap_servers, directory, url, **settings)
    try:
        yield deployment
    finally:
        deployment.end()
