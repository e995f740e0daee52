"""The sample consumers of ``docs/examples`` as their users run them: processes."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
TABLES, QUERIES = EXAMPLES / "tables.sql", EXAMPLES / "queries.sql"
PATIENCE = 30
"""Seconds after which what is waited for is not coming."""


@contextmanager
def running(name: str, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """A Python example, killed at the end where it still runs."""
    command = [sys.executable, str(EXAMPLES / name), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def eventually(what: Callable[[], bool], *processes: "subprocess.Popen[str]") -> None:
    """Wait until it is so, while the processes run."""
    until = time.monotonic() + PATIENCE
    while not what():
        for process in processes:
            assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < until, f"not within {PATIENCE} seconds"
        time.sleep(0.02)
