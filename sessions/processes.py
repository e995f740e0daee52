"""The processes of a session: all run its own installation of Prefect, and all end with it."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

_START: Final = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL);"
    " os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)
"""Resets SIGINT, which processes in the background may ignore: a worker turns SIGTERM into it."""
_CLI: Final = "from prefect.cli import app; app()"


class Processes:
    """The processes of one session."""

    def __init__(self, python: Path, home: Path, settings: Mapping[str, str]) -> None:
        """``home``: the directory for Prefect, the logs and, in ``flows``, the code that is run. ``settings``:
        environment variables.
        """
        foreign = ("PREFECT", "CORRELATOR", "PYTHON", "VIRTUAL_ENV")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        self._python, self._home = python, home
        self._mark = f"PREFECT_HOME={home}".encode()
        self._environment = {**inherited, "PREFECT_HOME": str(home), **settings}
        self._all: list[subprocess.Popen[bytes]] = []

    def prefect(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start Prefect's command. ``name``: the name of its log."""
        return self._start(name, "-c", _CLI, *arguments)

    def script(self, name: str) -> subprocess.Popen[bytes]:
        """Start a script in ``flows``."""
        return self._start(name, name)

    def _start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self._home / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [self._python, "-c", _START, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment,
                cwd=self._home / "flows",
                start_new_session=True,
            )
        self._all.append(process)
        return process

    def close(self) -> None:
        """End all processes, and those that they started."""
        for process in reversed(self._all):
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()
        for pid in self._left():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _left(self) -> list[int]:
        """The processes that still run with the session's home, such as runs that outlive their worker. Linux only
        (/proc).
        """
        found = []
        for entry in Path("/proc").glob("[0-9]*/environ"):
            with suppress(OSError):
                if self._mark in entry.read_bytes().split(b"\0"):
                    found.append(int(entry.parent.name))
        return found


def ended(process: subprocess.Popen[bytes], signal_: signal.Signals, within: float) -> float:
    """End a process by a signal, or by force after ``within`` seconds. Returns when it had ended, in seconds since
    1970.
    """
    process.send_signal(signal_)
    try:
        process.wait(within)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    return time.time()
