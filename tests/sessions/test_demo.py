"""`make demo-prefect` shows what happened, says in a sentence what hinders it, and leaves nothing behind."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sessions.explaining import EXPECTED, why
from sessions.release import DEFAULT
from tests.demo.test_demonstration import topics

DEMO = [sys.executable, "-m", "sessions.demo"]


@pytest.fixture
async def environment(kafka: str, prefect: Path, tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    """The demo's environment, with a directory for temporary files. However the demo ends, nothing may be
    left in it.
    """
    yield os.environ | {"KAFKA_BOOTSTRAP_SERVERS": kafka, "TMPDIR": f"{tmp_path}", "PYTHONUNBUFFERED": "1"}
    assert left(tmp_path) == []
    assert await topics(kafka) == []


def left(directory: Path) -> list[str]:
    """The contents of a directory, and the commands of the processes that use it."""
    found = [path.name for path in directory.iterdir()]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"{directory}".encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text())
        except OSError:
            continue
    return found


def test_it_shows_what_happened(environment: dict[str, str]):
    done = subprocess.run(DEMO, env=environment, capture_output=True, text=True, timeout=240)
    assert (done.returncode, done.stderr) == (0, "")
    for line in (
        r"flow-run-duration .* of completes .* s  follows +completed.* COMPLETED, exit 0 *",
        r"flow-run-duration .* of raises .* s  follows +completed.* FAILED, exit 0 *",
        r"flow-run-duration .* of exits .* s  follows +completed.* CRASHED, exit 3 *",
        r"flow-run-duration .* of sleeps .* s  follows +cancelled.* CANCELLED, exit 0 *",
        r"worker-uptime +Demo Worker .* s  follows +completed *",
        r"5 records of \d+ events",
        r"The server has \d+ events for the bridge, and the topic has each of them, once\.",
    ):
        assert any(re.fullmatch(line, said) for said in done.stdout.splitlines()), (line, done.stdout)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it(environment: dict[str, str], number: signal.Signals):
    with subprocess.Popen(DEMO, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        while "It is at work." not in (line := demo.stdout.readline()):
            assert line, demo.communicate()
        time.sleep(3)  # runs begin
        demo.send_signal(number)
        _, said = demo.communicate(timeout=60)
    assert (demo.returncode, said) == (130, "")


def test_no_kafka_is_a_sentence(tmp_path: Path):
    there_is_none = {"PATH": "", "JAVA_HOME": "", "KAFKA_BOOTSTRAP_SERVERS": "", "XDG_CACHE_HOME": f"{tmp_path}"}
    done = subprocess.run(DEMO, env=os.environ | there_is_none, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: No Kafka is available, since ")
    assert done.stderr.count("\n") == 1


def test_a_prefect_that_cannot_be_installed_is_a_sentence(kafka: str, tmp_path: Path):
    unreachable = {"UV_OFFLINE": "1", "UV_NO_CACHE": "1", "XDG_CACHE_HOME": f"{tmp_path}"}
    done = subprocess.run(
        DEMO,
        env=os.environ | unreachable | {"KAFKA_BOOTSTRAP_SERVERS": kafka},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    installing, error = done.stderr.splitlines()
    assert installing.startswith(f"installing Prefect {DEFAULT} ")
    assert error.startswith(f"Error: Prefect {DEFAULT} cannot be installed: ")


def test_a_version_that_is_none_is_a_sentence():
    done = subprocess.run([*DEMO, "2.20.0"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.endswith("Error: '2.20.0' is no release of Prefect 3, such as 3.9.1.\n")


def run_of(flow: str, state: str, code: int) -> dict[str, Any]:
    return {
        "flow_run": {"name": "sly-fox"},
        "flow": {"name": flow},
        "duration_seconds": 8.25,
        "startup_seconds": 5.5,
        "state": {"type": state},
        "infrastructure": {"status_code": code},
    }


def test_it_explains_every_record():
    runs = [run_of(flow, "CRASHED", 3) for flow in EXPECTED]
    said = dict(why([*runs, {"worker": {"name": "Demo Worker"}}], amended=True))
    assert list(said) == [*EXPECTED, "Demo Worker", "follows", "amended"]
    assert "8.2 s" in said["completes"]
    assert "5.5 s" in said["completes"]
    assert "CRASHED" in said["raises"]
    assert "exited with 3" in said["exits"]


def test_it_explains_nothing_that_is_not_there():
    assert "amended" not in dict(why([run_of(flow, "FAILED", 1) for flow in EXPECTED], amended=False))
