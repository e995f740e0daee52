"""The flows of a session, run by the Prefect of the release in hand. Each notes in a file when its own code ran. As a
module that is run, it serves one of them without a worker.
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
    """Write down what the code does, with the time and the process."""
    line = {"run": run, "what": what, "at": time.time(), "pid": os.getpid()}
    with open(os.environ["SESSION_DIARY"], "a") as diary:  # noqa: PTH123 - one write, as threads and processes share it
        diary.write(json.dumps(line) + "\n")


@contextmanager
def noted() -> Iterator[None]:
    """Note when it begins and ends, also by a signal."""
    run = str(flow_run.id)
    note("began", run)
    try:
        yield
    finally:
        note("ended", run)


@flow
def completes(seconds: float) -> None:
    """Take so long."""
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


@flow(retries=1)  # at once: of one that waits, a worker may take the waiting for a run to submit
def retries() -> None:
    """Fail at the first try."""
    with noted():
        if flow_run.run_count == 1:
            raise RuntimeError("on purpose")


@flow
def sleeps(seconds: int) -> None:
    """Take so long, in steps."""
    with noted():
        for _ in range(seconds):
            time.sleep(1)


@flow
def allocates() -> None:
    """Take memory, 16 MiB at a time, until it is killed for it."""
    with noted():
        held = []
        for _ in range(128):
            held.append(os.urandom(16 << 20))
            time.sleep(0.05)


@flow
def writes(mebibytes: int) -> None:
    """Fill the container's disk, and wait to be evicted for it."""
    with noted():
        time.sleep(5)
        Path("filling").write_bytes(bytes(mebibytes << 20))
        time.sleep(120)


def hook(flow: Any, flow_run: Any, state: Any) -> None:
    """What a flow does when it is cancelled; Prefect calls it by these names."""
    time.sleep(8)
    note("hooked", str(flow_run.id))


@flow(on_cancellation=[hook])
def hooked(seconds: int) -> None:
    """Take so long, in steps."""
    with noted():
        for _ in range(seconds):
            time.sleep(1)


if __name__ == "__main__":
    sleeps.serve(name="served")
