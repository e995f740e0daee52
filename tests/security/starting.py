"""Starts workers that should refuse to run, as processes forked from one that has imported everything already."""

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Mapping
from multiprocessing.connection import wait
from pathlib import Path
from typing import NamedTuple

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["__main__", "correlator.commands.worker", __name__])


_ASKING = threading.Lock()
"""Guards `start`: it asks all children for their exit codes, and a child that two threads ask at once reports 255."""


class Ended(NamedTuple):
    """How a worker ended."""

    code: int
    said: str
    seconds: float


def start_and_end(settings: Mapping[str, str], log: Path, limit: float = 60) -> Ended:
    """Start a worker with these settings and no others, and wait for its end."""
    began = time.monotonic()
    worker = _FORKS.Process(target=_work, args=(dict(settings), log))
    with _ASKING:
        worker.start()
    if not wait([worker.sentinel], limit):
        worker.kill()
        wait([worker.sentinel])
    with _ASKING:
        return Ended(worker.exitcode, log.read_text(), time.monotonic() - began)


def _work(settings: Mapping[str, str], log: Path) -> None:
    from correlator.commands import main

    for name in [name for name in os.environ if name.startswith("CORRELATOR_")]:
        del os.environ[name]
    os.environ |= {f"CORRELATOR_{name}": value for name, value in {"WEB_PORT": "0", **settings}.items()}
    with log.open("w") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    main(["worker"])
