"""Keeps one program and one temporary directory, and removes both when the process that asked for them is gone.

Run as a program of its own, in a session of its own, by ``keeping.Keeper``. However its parent ends, at the end of a
``with``, by Ctrl-C, by SIGTERM or by SIGKILL, the pipe that is this one's standard input closes: that is the sign to
end everything. Should this one be killed, the kernel ends the program in turn (on Linux).

It is told and says JSON objects, one per line. Told: ``{"run": [program, …]}``, ``{"signal": 9}``. Says:
``{"directory": path}`` at the start, ``{"started": pid}``, ``{"signalled": 9}``, ``{"exited": code}``. Its argument
is a JSON list of programs to run at the end.
"""

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def main() -> None:
    """Obey standard input until it closes; then end the program and remove the directory."""
    at_end: list[list[str]] = json.loads(sys.argv[1])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit())
    kept = _Kept(tempfile.mkdtemp(prefix="local-kafka-"))
    try:
        with contextlib.suppress(BrokenPipeError):
            kept.obey()
    finally:
        kept.end(at_end)


class _Kept:
    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._program: subprocess.Popen[bytes] | None = None

    def obey(self) -> None:
        _say(directory=self._directory)
        told = b""
        ended = _when_a_child_ends()
        while True:
            ready, _, _ = select.select([0, ended], [], [])
            if ended in ready:
                os.read(ended, 512)
                self._report()
            if 0 in ready:
                part = os.read(0, 65_536)
                if not part:
                    return
                *lines, told = (told + part).split(b"\n")
                for line in lines:
                    self._do(json.loads(line))

    def _do(self, order: dict[str, Any]) -> None:
        if "run" in order:
            with open(os.path.join(self._directory, "log"), "ab") as log:  # noqa: PTH118, PTH123 - light, it starts often
                self._program = subprocess.Popen(
                    order["run"],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    preexec_fn=_end_with(os.getpid()),  # noqa: PLW1509 - there is one thread
                )
            _say(started=self._program.pid)
        elif "signal" in order:
            if self._program is not None:
                self._program.send_signal(order["signal"])
                if order["signal"] == signal.SIGSTOP:  # all its threads take a moment to stop
                    os.waitid(os.P_PID, self._program.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
            _say(signalled=order["signal"])

    def _report(self) -> None:
        if self._program is not None and self._program.poll() is not None:
            code, self._program = self._program.returncode, None
            _say(exited=code)

    def end(self, at_end: list[list[str]]) -> None:
        # What it holds is thrown away, so there is nothing to end gently for.
        if self._program is not None:
            self._program.kill()
            self._program.wait()
        for program in at_end:
            subprocess.run(program, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60)
        shutil.rmtree(self._directory, ignore_errors=True)


def _say(**what: str | int) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


def _when_a_child_ends() -> int:
    """Return a file descriptor that can be read from when a child has ended."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return reading


def _end_with(parent: int) -> Callable[[], None]:
    """Return what the child does before it becomes the program: see to it that it does not outlive ``parent``."""

    def before_exec() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)

    return before_exec


if __name__ == "__main__":
    main()
