"""The processes of a session: started with a Prefect of its own, and every one of them ended with it."""

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
"""What runs in the background may find SIGINT ignored, which a worker turns SIGTERM into."""
_CLI: Final = "from prefect.cli import app; app()"


class Processes:
    """Those of one session."""

    def __init__(self, python: Path, home: Path, settings: Mapping[str, str]) -> None:
        """``home``: of Prefect, of the processes' logs and, in ``flows``, of the code that they run. ``settings``:
        environment variables.
        """
        foreign = ("PREFECT", "CORRELATOR", "PYTHON", "VIRTUAL_ENV")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        self._python, self._home = python, home
        self._mark = f"PREFECT_HOME={home}".encode()
        self._environment = {**inherited, "PREFECT_HOME": str(home), **settings}
        self._all: list[subprocess.Popen[bytes]] = []

    def prefect(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start Prefect's command. ``name``: of its log."""
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
        """End all of them, and what they started."""
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
        """What still runs with the session's home, as runs do that outlive their worker. Only Linux's /proc tells."""
        found = []
        for entry in Path("/proc").glob("[0-9]*/environ"):
            with suppress(OSError):
                if self._mark in entry.read_bytes().split(b"\0"):
                    found.append(int(entry.parent.name))
        return found


def ended(process: subprocess.Popen[bytes], signal_: signal.Signals, within: float) -> float:
    """End a process by a signal, and return when it had ended, in seconds since 1970; by force after ``within`` s."""
    process.send_signal(signal_)
    try:
        process.wait(within)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    return time.time()
