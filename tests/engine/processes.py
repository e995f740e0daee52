"""The test app as processes: started, watched, stopped, killed, and never left behind."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.engine.app import COUNT, TABLE
from tests.engine.kafka import PATIENCE, Cluster, Row, until

ROOT = Path(__file__).parents[2]


class App:
    """A process of the test app: its journal is what it says on stdout, its log what it says on stderr."""

    def __init__(self, module: str, settings: dict[str, Any], directory: Path, name: str) -> None:
        self.name = name
        self._journal, self._log = directory / f"{name}.journal", directory / f"{name}.log"
        with self._journal.open("wb") as out, self._log.open("wb") as err:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, json.dumps(settings)], cwd=ROOT, stdout=out, stderr=err
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def exit_code(self) -> int | None:
        return self._process.poll()

    def entries(self, what: str | None = None, **details: Any) -> list[dict[str, Any]]:
        """The journal's entries of a kind, with these details, in order."""
        lines = self._journal.read_text().split("\n")[:-1]  # a last line without its end is not whole yet
        wanted = details if what is None else {"what": what, **details}
        return [entry for entry in map(json.loads, lines) if wanted.items() <= entry.items()]

    async def says(self, what: str, times: int = 1, patience: float = PATIENCE, **details: Any) -> list[dict[str, Any]]:
        """Wait for journal entries."""

        def said() -> list[dict[str, Any]] | None:
            entries = self.entries(what, **details)
            assert len(entries) >= times or self.exit_code is None, f"{self.name} ended: {self.exit_code}\n{self.log}"
            return entries if len(entries) >= times else None

        try:
            return list(await until(said, patience))
        except AssertionError as error:
            journal, log = self.entries()[-20:], self.log[-5000:]
            raise AssertionError(f"{what!r} of {self.name}: {error}\n{journal}\n{log}") from None

    async def ends(self, patience: float = PATIENCE) -> int:
        """Wait for its end, and return the exit code."""
        try:
            return int(await asyncio.to_thread(self._process.wait, patience))
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not end\n{self.entries()[-20:]}\n{self.log}") from None

    async def stop(self) -> int:
        """Send SIGTERM, and return the exit code."""
        self.signal(signal.SIGTERM)
        return await self.ends()

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        """Kill it, even if it is stopped or does not react."""
        if self._process.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
        self._process.wait()


class Deployment:
    """Topics, a group, and the processes of it."""

    module = "tests.engine.app"

    def __init__(self, cluster: Cluster, directory: Path, settings: dict[str, Any]) -> None:
        self.cluster = cluster
        self.id = f"engine-{uuid.uuid4().hex[:8]}"
        self.source, self.output, self.middle = (f"{self.id}-{name}" for name in ("source", "output", "middle"))
        self.changelog = f"{self.id}-{TABLE}-changelog"
        self.partitions = int(settings.get("partitions", 4))
        self.apps: list[App] = []
        self._directory = directory
        self._settings = {
            "brokers": cluster.brokers,
            "app_id": self.id,
            "source": self.source,
            "output": self.output,
            **settings,
        }
        if settings.get("two_hops"):
            del self._settings["two_hops"]
            self._settings["middle"] = self.middle

    @property
    def inputs(self) -> list[str]:
        """The topics that stages read."""
        return [self.source, self.middle] if "middle" in self._settings else [self.source]

    async def create_topics(self) -> None:
        await self.cluster.create(*self.inputs, self.output, partitions=self.partitions)
        await self.cluster.create(self.changelog, partitions=self.partitions, cleanup_policy="compact")

    def start(self, **settings: Any) -> App:
        """Start a process. ``member`` gives it an identity that it keeps over restarts, and so a directory."""
        name = f"{self.id}-{len(self.apps)}"
        member = settings.pop("member", None)
        own = {"datadir": str(self._directory / (member or name)), "instance_id": member}
        app = App(self.module, self._settings | own | settings, self._directory, name)
        self.apps.append(app)
        return app

    def kill(self) -> None:
        for app in self.apps:
            app.kill()

    async def write(self, rows: Iterable[Row]) -> None:
        await self.cluster.write(self.source, rows)

    async def is_done(self) -> bool:
        """Whether the committed offsets are at the ends of the input."""
        for topic in self.inputs:
            if [end or None for end in await self.cluster.ends(topic)] != await self.cluster.committed(self.id, topic):
                return False
        return True

    async def until_done(self, *apps: App, patience: float = PATIENCE) -> None:
        """Wait until all input is committed, and ``apps`` live to see it."""

        async def done() -> bool:
            for app in apps:
                assert app.exit_code is None, f"{app.name} ended: {app.exit_code}\n{app.log}"
            return await self.is_done()

        try:
            await until(done, patience, every=0.1)
        except AssertionError as error:
            logs = "\n".join(f"{app.name}: {app.exit_code}\n{app.log}" for app in self.apps)
            committed = [await self.cluster.committed(self.id, topic) for topic in self.inputs]
            raise AssertionError(f"{error}: committed {committed}\n{logs}") from None

    async def assert_exactly_once(self, pairs: int) -> None:
        """Each pair published once, each record counted once, none left waiting, the offsets at the input's ends."""
        joined = await self.joined()
        missing, twice = keys(pairs) - joined, joined - keys(pairs)
        assert not missing, f"missing: {sorted(missing)}"
        assert not twice, f"twice, or never fed: {sorted(twice)}"
        state = await self.state()
        assert state == (2 * pairs, 0), f"counted, waiting: {state}"
        assert await self.is_done()

    async def joined(self) -> Counter[bytes]:
        """How often each pair was published, for a reader of committed records."""
        return Counter(record.key for record in await self.cluster.read(self.output))

    async def state(self) -> tuple[int, int]:
        """The numbers in the changelog: how many records were counted, and how many first ones of pairs wait."""
        state = await self.table()
        return sum(int(v) for (_, key), v in state.items() if key == COUNT), sum(key != COUNT for _, key in state)

    async def table(self) -> dict[tuple[int, bytes], bytes]:
        """The entries of the changelog, by partition and key."""
        state: dict[tuple[int, bytes], bytes] = {}
        for record in await self.cluster.read(self.changelog):
            state[record.partition, record.key] = record.value
        return {key: value for key, value in state.items() if value is not None}


class Deployments:
    """Makes deployments, and kills their processes at the end."""

    def __init__(self, kafka: str, directory: Path) -> None:
        self.kafka, self._directory = kafka, directory
        self._stack = ExitStack()

    def __enter__(self) -> "Deployments":
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._stack.close()

    def take(self, deployment: Deployment) -> None:
        """Kill this one, too."""
        self._stack.callback(deployment.kill)

    async def create(self, cluster: Cluster, **settings: Any) -> Deployment:
        """A deployment with its topics: ``two_hops``, and what the app's ``Settings`` know."""
        deployment = Deployment(cluster, self._directory, settings)
        self.take(deployment)
        await deployment.create_topics()
        return deployment


def pairs(count: int, partitions: int = 4, start: int = 0) -> Sequence[Row]:
    """Pairs for one hop: both records of a key in its partition, the second a while after the first."""
    firsts = [Row(n % partitions, b"%d" % n, b"first of %d" % n) for n in range(start, start + count)]
    seconds = [Row(row.partition, row.key, b"second of %s" % row.key) for row in firsts if row.key]
    lag = min(count, 20 * partitions)
    rows = firsts[:lag]
    for first, second in zip(firsts[lag:], seconds, strict=False):
        rows += first, second
    return rows + seconds[count - lag :]


def keys(count: int, start: int = 0) -> Counter[bytes]:
    """What `joined` gives when each pair was published once."""
    return Counter(b"%d" % n for n in range(start, start + count))
