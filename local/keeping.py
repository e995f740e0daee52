"""The other end of ``keeper``: what this process says to it and hears from it."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias, cast

from local.errors import BrokerFailed

Said: TypeAlias = dict[str, str | int]

_PROGRAM = Path(__file__).with_name("keeper.py")


class Keeper:
    """One program at a time and one temporary directory, neither of which outlives this process."""

    def __init__(self, at_end: list[list[str]] | None = None) -> None:
        """Start the keeper; ``at_end`` are programs that it runs before it removes the directory."""
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_PROGRAM), json.dumps(at_end or [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,  # Ctrl-C at the terminal is for this process; the keeper goes when we go
        )
        self._heard = b""
        self._exited: int | None = 0  # of a program that never was
        self.pid: int | None = None
        """The process id of the program that runs, or ran last."""
        self.directory = Path(str(self._next("directory")))
        """Removed, with all that is in it, when this ends."""

    def run(self, *program: str) -> None:
        """Start a program, the one before having ended. What it prints goes to ``log``."""
        assert self.exit_code() is not None, "a program runs already"
        self._tell(run=program)
        self._exited = None
        self.pid = int(self._next("started"))

    def exit_code(self, timeout: float | None = 0.0) -> int | None:
        """Return the program's exit code, waiting up to ``timeout`` seconds (None: for ever), or None: it runs."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while self._exited is None:
            said = self._hear(deadline)
            if said is None:
                return None
            self._learn(said)
        return self._exited

    def signal(self, number: signal.Signals) -> None:
        """Send the program a signal, where it still runs, and return when it has it (SIGSTOP: when it stands still)."""
        if self.exit_code() is None:
            self._tell(signal=number)
            self._next("signalled")

    @property
    def last_words(self) -> str:
        """The last error that a program printed, else the last line."""
        path = self.directory / "log"
        lines = path.read_text(errors="replace").split("\n") if path.exists() else []
        errors = [line for line in lines if "ERROR" in line or ("Exception" in line and not line.startswith("\tat "))]
        return (errors or [line for line in lines if line] or ["it printed nothing"])[-1].strip()

    def close(self) -> None:
        """End the program, remove the directory, and return when both are gone."""
        for pipe in (self._keeper.stdin, self._keeper.stdout):
            if pipe is not None:
                pipe.close()
        self._keeper.wait()
        shutil.rmtree(self.directory, ignore_errors=True)  # there only if the keeper was killed

    def _tell(self, **order: Sequence[str] | int) -> None:
        assert self._keeper.stdin is not None
        try:
            self._keeper.stdin.write(json.dumps(order).encode() + b"\n")
        except BrokenPipeError:
            raise BrokerFailed("the keeper of the local Kafka was killed, and the broker with it.") from None

    def _next(self, what: str) -> str | int:
        while (said := self._hear(None)) is not None:
            if what in said:
                return said[what]
            self._learn(said)
        raise AssertionError("waiting without a deadline ends by hearing something")

    def _learn(self, said: Said) -> None:
        if "exited" in said:
            self._exited = int(said["exited"])

    def _hear(self, deadline: float | None) -> Said | None:
        """Return what the keeper says next, or None if it says nothing until ``deadline``."""
        assert self._keeper.stdout is not None
        while b"\n" not in self._heard:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            ready, _, _ = select.select([self._keeper.stdout], [], [], left)
            if not ready:
                return None
            part = os.read(self._keeper.stdout.fileno(), 65_536)
            if not part:
                raise BrokerFailed("the keeper of the local Kafka was killed, and the broker with it.")
            self._heard += part
        line, _, self._heard = self._heard.partition(b"\n")
        return cast("Said", json.loads(line))
