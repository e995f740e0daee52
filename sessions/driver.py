"""Drives a session: a server, its workers, and what they are made to do. Each thing done becomes a `Deed`."""

import asyncio
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from sessions.deeds import Deed, Plot
from sessions.processes import ended
from sessions.server import Server, comes

FLOWS: Final = Path(__file__).with_name("flows")
FUNCTIONS: Final = frozenset({"completes", "raises", "exits", "retries", "sleeps", "hooked"})
"""The functions in ``flows/flows.py`` that are used."""
EXECUTED: Final = "prefect.worker.executed-flow-run"
CANCELLING: Final = ("CANCELLING", "Cancelling")
"""The type and name of the state that cancels a run."""

_STOPPING: Final = 60.0
"""Seconds within which a process must stop."""
_IDLE: Final = ("SCHEDULER", "LATE_RUNS", "FOREMAN", "PAUSE_EXPIRATIONS", "CANCELLATION_CLEANUP", "TRIGGERS")
"""The server's background services that a session does not need and that burden SQLite."""
GIVE_UP_AFTER: Final = 20.0
"""Seconds to wait for something that some releases never do, or never report."""
_SETTINGS: Final[Mapping[str, str]] = {
    **{f"PREFECT_API_SERVICES_{service}_ENABLED": "false" for service in _IDLE},
    "PREFECT_RUNNER_POLL_FREQUENCY": "2",
    "PREFECT_RUNNER_PROCESS_LIMIT": "20",  # on 3.2.8, it limits a worker's runner, too, which refused a sixth run
}


class Worker(NamedTuple):
    """A running worker."""

    name: str
    process: subprocess.Popen[bytes]
    since: float
    online: float


class Noted(msgspec.Struct):
    """A line of the diary that the flows write."""

    run: str
    what: str
    at: float
    pid: int


class Driver(Server):
    """A server, and actions on it."""

    def __init__(
        self,
        python: Path,
        home: Path,
        say: Callable[[str], None],
        settings: Mapping[str, str] | None = None,
        auth: str | None = None,
    ) -> None:
        """``settings`` and ``auth``: as for `Server`."""
        diary = home / "diary.jsonl"
        super().__init__(python, home, {**_SETTINGS, "SESSION_DIARY": str(diary), **(settings or {})}, auth=auth)
        self._say = say
        self._flows = str(shutil.copytree(FLOWS, home / "flows"))
        self._diary = diary
        self._diary.touch()
        self._deployments: dict[str, str] = {}
        self.deeds: list[Deed] = []

    async def deploy(self, name: str, pool: str) -> None:
        """Create a deployment of the flow with that name, or, if there is none, of the one that sleeps."""
        flow = name if name in FUNCTIONS else "sleeps"
        self._deployments[name] = await self.api.deploy(name, pool, flow, self._flows)

    async def served(self, flow: str, name: str) -> None:
        """Wait until a served deployment is there."""

        async def there() -> bool:
            if (id_ := await self.api.deployment(flow, name)) is not None:
                self._deployments[name] = id_
            return name in self._deployments

        await self.until(f"{flow}/{name}", there)

    async def worker(self, name: str, pool: str) -> Worker:
        """Start a worker, and wait until it is at work."""
        since, file = time.time(), f"worker-{len(self.deeds)}-{pool}"
        process = await self.at_work(file, name, pool, "process")
        self._say(f"{name} is at work")
        return Worker(name, process, since, time.time())

    async def end(self, worker: Worker, plot: Plot, signal_: signal.Signals) -> None:
        """End a worker."""
        told = time.time()
        over = await asyncio.to_thread(ended, worker.process, signal_, _STOPPING)
        self.deeds.append(Deed(plot, worker.name, worker.since, over, worker.online, told))
        self._say(f"{plot}: {worker.name}")

    @contextmanager
    def doing(self, plot: Plot, run: str, since: float) -> Iterator["Doing"]:
        """Do something with a run in the block; leaving the block records it as a deed."""
        doing = Doing()
        yield doing
        until = time.time() if doing.is_over else None
        noted = self._noted(run, since)
        began, over, hooked = ([line for line in noted if line.what == what] for what in ("began", "ended", "hooked"))
        self.deeds.append(
            Deed(
                plot,
                run,
                since,
                until,
                began=min((line.at for line in began), default=None),
                ended=max((line.at for line in over or began), default=None),
                hooked=max((line.at for line in hooked), default=None),
                pid=began[0].pid if began else None,
            )
        )
        self._say(f"{plot}: {run}")

    async def run(self, deployment: str, parameters: Mapping[str, int], after: timedelta = timedelta()) -> str:
        """Create a run of a deployment, and return its id."""
        return await self.api.run(self._deployments[deployment], parameters, after)

    async def running(self, run: str) -> None:
        """Wait until a flow's own code runs."""

        async def began() -> bool:
            return bool(self._noted(run, 0))

        await self.until(f"flow run {run} to run", began)

    async def cancel(self, run: str) -> None:
        """Cancel a flow run while its own code runs."""
        await self.running(run)
        await asyncio.sleep(2)
        await self.api.set_state(run, *CANCELLING)

    async def executed(self, run: str, times: int = 1) -> bool:
        """Wait until a flow run has ended and its worker has reported it; return whether it did."""
        await self.state(run)

        async def told() -> bool:
            return await self.api.count([EXECUTED], run) >= times

        return await comes(told, GIVE_UP_AFTER)

    def _noted(self, run: str, since: float) -> list[Noted]:
        lines = (msgspec.json.decode(line, type=Noted) for line in self._diary.read_bytes().splitlines())
        return [line for line in lines if line.run == run and line.at >= since]


class Doing:
    """A deed in progress."""

    is_over = False
    """Whether the run was seen to be over."""
