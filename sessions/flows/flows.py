"""The flows of a session, run by the release of Prefect under test. Each notes in a file when its own code ran. Run as
a script, this module serves one of them without a worker.
"""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.runtime import flow_run


def note(what: str, run: str) -> None:
    """Note what the code does, with the time and the process id."""
    line = {"run": run, "what": what, "at": time.time(), "pid": os.getpid()}
    with open(os.environ["SESSION_DIARY"], "a") as diary:  # noqa: PTH123 - one write, as threads and processes share it
        diary.write(json.dumps(line) + "\n")


@contextmanager
def noted() -> Iterator[None]:
    """Note when the block begins and ends, even if a signal ends it."""
    run = str(flow_run.id)
    note("began", run)
    try:
        yield
    finally:
        note("ended", run)


@flow
def completes(seconds: float) -> None:
    """Run for this long."""
    with noted():
        time.sleep(seconds)


@flow
def raises() -> None:
    """Fail."""
    with noted():
        raise RuntimeError("on purpose")


@flow
def exits(code: int, seconds: float = 0) -> None:
    """End the process."""
    with noted():
        time.sleep(seconds)
    os._exit(code)


@flow(retries=1)  # at once: a worker may submit a run again that waits for its retry
def retries() -> None:
    """Fail at the first try."""
    with noted():
        if flow_run.run_count == 1:
            raise RuntimeError("on purpose")


@flow
def sleeps(seconds: int) -> None:
    """Run for this long, in steps that a cancellation can interrupt."""
    with noted():
        for _ in range(seconds):
            time.sleep(1)


@flow
def allocates() -> None:
    """Allocate memory, 16 MiB at a time, until killed."""
    with noted():
        held = []
        for _ in range(128):
            held.append(os.urandom(16 << 20))
            time.sleep(0.05)


@flow
def writes(mebibytes: int) -> None:
    """Fill the container's disk, and wait to be evicted."""
    with noted():
        time.sleep(5)
        Path("filling").write_bytes(bytes(mebibytes << 20))
        time.sleep(120)


def hook(flow: Any, flow_run: Any, state: Any) -> None:
    """The hook of a flow that is cancelled; Prefect passes the arguments by these names."""
    time.sleep(8)
    note("hooked", str(flow_run.id))


@flow(on_cancellation=[hook])
def hooked(seconds: int) -> None:
    """Run for this long, in steps that a cancellation can interrupt."""
    with noted():
        for _ in range(seconds):
            time.sleep(1)


if __name__ == "__main__":
    sleeps.serve(name="served")
