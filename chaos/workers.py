"""Workers as Kubernetes would run them: each with a name and a directory that it keeps, restarted when it fails."""

import asyncio
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Final, NamedTuple

from chaos.stage import Stage
from chaos.trial import Failure
from local.keeping import Keeper
from support.deployment import CORRELATOR, variables

RESTART: Final = 1.5
"""Seconds from a worker's end to its restart."""
STOPPING: Final = 30.0
"""Seconds that a worker may take to stop when it is told to: Kubernetes' ``terminationGracePeriodSeconds``."""
STARTING: Final = 12.0
"""Seconds that a worker takes to hold partitions, at most."""
LOOK: Final = 0.1


class Exit(NamedTuple):
    """A worker's end that nobody asked for."""

    worker: str
    code: int
    words: str
    """The last line that it logged."""

    def __str__(self) -> str:
        return f"{self.worker} ended with {self.code}: {self.words}"


class Worker:
    """One ``correlator worker``: at most one process at a time."""

    def __init__(self, name: str, stage: Stage, exits: list[Exit], *, static: bool) -> None:
        self.name = name
        self._keeper = Keeper()
        self._exits = exits
        self._asked = False
        self._wanted = True
        settings = {**stage.settings, "DATA_DIR": str(self._keeper.directory / "data")}
        if static:
            settings["INSTANCE_ID"] = name
        inherited = [part for name in os.environ if name.startswith("CORRELATOR_") for part in ("-u", name)]
        self._command = [
            *("env", *inherited, *(f"{variable}={value}" for variable, value in variables(**settings).items())),
            *(str(CORRELATOR), "worker"),
        ]
        self._start()
        self._watching = asyncio.create_task(self._watch())

    @property
    def is_running(self) -> bool:
        """Whether its process runs (or stands still)."""
        return self._keeper.exit_code() is None

    def kill(self) -> None:
        """SIGKILL: its restart comes as after any failure."""
        self._asked = True
        self._keeper.signal(signal.SIGKILL)

    def pause(self) -> None:
        """SIGSTOP."""
        self._keeper.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._keeper.signal(signal.SIGCONT)

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Tell it to end. Raises `Failure` where it does not end in time, or not with 0."""
        self._asked, self._wanted = True, False
        if not self.is_running:  # it had failed, and was to be started again
            return
        self._keeper.signal(number)
        until = time.monotonic() + STOPPING
        while (code := self._keeper.exit_code()) is None:
            if time.monotonic() > until:
                raise Failure(f"{self.name} did not end within {STOPPING:.0f} s of {number.name}: {self._last_line}")
            await asyncio.sleep(LOOK)
        unheard = not self._said  # it was still being loaded: a signal ends it as it ends any program
        if code and not (unheard and code in {-number, 128 + number}):
            raise Failure(f"{self.name} ended with {code} after {number.name}: {self._last_line}")

    def start(self) -> None:
        """Start it again after `stop`."""
        self._wanted = True
        self._start()

    async def ready(self) -> None:
        """Return when it holds partitions, or after `STARTING` seconds: there may be none for it."""
        until = time.monotonic() + STARTING
        while b" holds " not in self._said and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(LOOK)

    def close(self, logs: Path | None = None) -> None:
        """End it, whatever it does; keep its log in ``logs``."""
        self._watching.cancel()
        if logs is not None:
            logs.mkdir(parents=True, exist_ok=True)
            shutil.copy(self._log, logs / f"{self.name}.log")
        self._keeper.close()

    @property
    def _said(self) -> bytes:
        """What it said since its start."""
        return self._log.read_bytes()[self._from :] if self._log.exists() else b""

    @property
    def _last_line(self) -> str:
        return (self._log.read_text(errors="replace").splitlines() or ["it said nothing"])[-1]

    @property
    def _log(self) -> Path:
        return self._keeper.directory / "log"

    def _start(self) -> None:
        self._asked = False
        self._from = self._log.stat().st_size if self._log.exists() else 0
        self._keeper.run(*self._command)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            code = self._keeper.exit_code()
            if code is None or not self._wanted:
                continue
            if not self._asked:
                self._exits.append(Exit(self.name, code, self._last_line))
            await asyncio.sleep(RESTART)
            self._start_again()

    def _start_again(self) -> None:
        if self._wanted and not self.is_running:  # else it was stopped meanwhile, or started
            self._start()


class Workers:
    """All workers of a stage."""

    def __init__(self, stage: Stage, count: int, *, static: bool) -> None:
        self._stage, self._static = stage, static
        self.partitions = stage.partitions
        """That there are to share."""
        self.exits: list[Exit] = []
        """Ends that nobody asked for, since somebody last took them out."""
        self.all: list[Worker] = []
        for _ in range(count):
            self.add()

    def add(self) -> Worker:
        """One more."""
        worker = Worker(f"worker-{len(self.all)}", self._stage, self.exits, static=self._static)
        self.all.append(worker)
        return worker

    async def remove(self, worker: Worker) -> None:
        """One less: its log goes with it."""
        await worker.stop()
        self.all.remove(worker)
        worker.close()

    def close(self, logs: Path | None = None) -> None:
        """End all."""
        for worker in self.all:
            worker.close(logs)
