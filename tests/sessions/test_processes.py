"""Nothing is left of a session's processes, and signals come to them as they do on a terminal."""

import os
import signal
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sessions.processes import Processes, ended

PARENT = """
    import signal, subprocess, sys, time
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        sys.exit(1)
    ignores = "from signal import *; signal(SIGTERM, SIG_IGN)"
    code = f"{ignores}; print('there', flush=True); import time; time.sleep(60)"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)
    child.stdout.readline()
    print(child.pid, flush=True)
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        sys.exit(7)
"""


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "parent.py").write_text(textwrap.dedent(PARENT))
    ignored = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as in the background of a shell
    processes = Processes(Path(sys.executable), tmp_path, {})
    yield processes
    signal.signal(signal.SIGINT, ignored)
    processes.close()


def child(log: Path) -> int:
    until = time.monotonic() + 20
    while not (text := log.read_text()).endswith("\n"):
        assert time.monotonic() < until, text
        time.sleep(0.02)
    return int(text)


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()


def gone(pid: int) -> bool:
    until = time.monotonic() + 5
    while is_there(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not is_there(pid)


def test_sigint_is_not_ignored(processes: Processes, tmp_path: Path):
    process = processes.script("parent.py")
    child(tmp_path / "parent.py.log")
    before = time.time()
    assert before <= ended(process, signal.SIGINT, 20) <= time.time()
    assert process.returncode == 7


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="what is left is found in Linux's /proc")
@pytest.mark.parametrize("killed", [False, True])
def test_nothing_is_left(processes: Processes, tmp_path: Path, killed: bool):
    process = processes.script("parent.py")
    orphan = child(tmp_path / "parent.py.log")
    if killed:
        ended(process, signal.SIGKILL, 20)
    assert is_there(orphan)
    processes.close()
    assert process.returncode is not None
    assert gone(orphan)


def test_what_does_not_end_is_made_to(processes: Processes, tmp_path: Path):
    (tmp_path / "flows" / "stubborn.py").write_text(
        "import signal, time\nsignal.signal(2, signal.SIG_IGN)\nprint(1)\ntime.sleep(60)"
    )
    process = processes.script("stubborn.py")
    time.sleep(0.5)
    ended(process, signal.SIGINT, 0.2)
    assert process.returncode in {-signal.SIGKILL, -signal.SIGINT}


def test_variables_that_are_ours_are_not_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PREFECT_API_URL", "http://production")
    monkeypatch.setenv("CORRELATOR_APP_ID", "ours")
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "show.py").write_text("import os; print(*sorted(os.environ))")
    processes = Processes(Path(sys.executable), tmp_path, {"PREFECT_UI_ENABLED": "false"})
    process = processes.script("show.py")
    assert process.wait(20) == 0
    said = (tmp_path / "show.py.log").read_text().split()
    assert {"PREFECT_HOME", "PREFECT_UI_ENABLED"} <= set(said)
    assert not {"PREFECT_API_URL", "CORRELATOR_APP_ID"} & set(said)
    processes.close()
