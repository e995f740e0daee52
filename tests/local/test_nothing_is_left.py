"""However the process that has a broker ends, the broker and its directory end too."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")


class Running(NamedTuple):
    """``python -m local``, and what it started."""

    process: subprocess.Popen[str]
    keeper: int
    broker: int
    directory: Path


@pytest.fixture
def running(kafka: str) -> Iterator[Running]:
    environment = {name: value for name, value in os.environ.items() if name != "KAFKA_BOOTSTRAP_SERVERS"}
    with subprocess.Popen(
        [sys.executable, "-m", "local"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline()
            if not address:  # the tests' Kafka is one that the environment names
                pytest.skip(process.communicate()[1])
            assert re.fullmatch(r"127\.0\.0\.1:\d+\n", address)
            (keeper,) = children(process.pid)
            if not (brokers := children(keeper)) or b"kafka.Kafka" not in command(brokers[0]):
                pytest.skip("a container is not a child of ours")
            found = re.search(rb"-Djava\.io\.tmpdir=(.+?)/tmp\0", command(brokers[0]))
            assert found is not None
            yield Running(process, keeper, brokers[0], Path(os.fsdecode(found[1])))
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("number", "exit_code"), [(signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_a_signal_to_the_parent_ends_all(running: Running, number: signal.Signals, exit_code: int):
    assert running.directory.is_dir()
    running.process.send_signal(number)
    assert running.process.wait(20) == exit_code
    eventually(lambda: not any(map(is_there, (running.keeper, running.broker))))
    assert not running.directory.exists()


def test_a_broker_that_dies_is_an_error(running: Running):
    os.kill(running.broker, signal.SIGKILL)
    _, said = running.process.communicate(timeout=20)
    assert running.process.returncode == 1
    assert said.endswith("ended by itself.\n")
    assert not running.directory.exists()


def test_a_killed_keeper_takes_the_broker_along(running: Running):
    os.kill(running.keeper, signal.SIGKILL)
    _, said = running.process.communicate(timeout=20)
    assert running.process.returncode == 1
    assert "Traceback" not in said
    eventually(lambda: not is_there(running.broker))
    assert not running.directory.exists()


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def is_there(pid: int) -> bool:
    """Whether a process runs: one that has ended and was not collected yet has no command any more."""
    try:
        return bool(command(pid))
    except (FileNotFoundError, ProcessLookupError):
        return False


def eventually(holds: Callable[[], bool], timeout: float = 20) -> None:
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
