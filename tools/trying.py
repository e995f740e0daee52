"""A release of Apache Kafka, tried: the demo and some of the tests on a broker of it, or its refusal."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import orjson

from demo.session import SAMPLE
from local.jars import VERSION
from local.kafka import VARIABLE, local_kafka
from local.releases import Release
from support.deployment import CORRELATOR, environment

ROOT: Final = Path(__file__).parent.parent
KEPT: Final = ROOT / "build" / "brokers"
"""Where what the tests of a release said is kept, if one failed."""

_ONCE: Final = "tests/engine/test_exactly_once.py::test_"
_TOPICS: Final = "tests/topics/test_on_a_broker.py::test_"

TESTS: Final = (
    f"{_ONCE}a_process_that_is_killed_at_any_step[memory]",
    f"{_ONCE}a_stopped_process_that_has_nothing_to_lose_joins_again",
    f"{_ONCE}of_two_processes_of_one_name_the_one_that_starts_later_goes_on[idle]",
    f"{_TOPICS}creates_what_is_missing_and_then_nothing",
    f"{_TOPICS}a_worker_prepares_all_but_the_input",
    f"{_TOPICS}what_was_changed_is_found",
)
"""Run on every release: kills, a zombie, two of one name; topics created, prepared, compared. Besides, one of these, of
taking over:"""

ENDED: Final = f"{_ONCE}what_a_killed_process_left_open_is_ended_by_who_takes_over"
WAITED_FOR: Final = f"{_ONCE}where_nobody_ends_what_a_killed_process_left_open_its_timeout_is_waited_for"


class Tried(NamedTuple):
    """What came of a release."""

    release: Release
    demo: str
    """How long it took, or what came instead of it."""
    tests: str
    good: bool
    """Whether all was as it must be."""


def try_(release: Release) -> Tried:
    """Try a release, in a broker of its own. Raises `NoKafka`, `BrokerFailed`."""
    with _set(VERSION, str(release)), local_kafka(own=True) as kafka, _set(VARIABLE, kafka.bootstrap_servers):
        if release.is_refused:
            refused, said = _refusal(kafka.bootstrap_servers)
            return Tried(release, said, "–", good=refused)
        shown, demo = _demo()
        passed, tests = _tests(release)
        return Tried(release, demo, tests, good=shown and passed)


@contextmanager
def _set(name: str, value: str) -> Iterator[None]:
    """Have a variable in the environment, this process's and its children's."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def _refusal(servers: str) -> tuple[bool, str]:
    done = _run(CORRELATOR, "worker", env=environment(BOOTSTRAP_SERVERS=servers))
    said = " / ".join(done.stderr.splitlines()).replace(servers, "…")
    return done.returncode == 1 and " is too old: " in said, f"refused: “{said}”"


def _demo() -> tuple[bool, str]:
    """The demo must show as many records as replay makes of the same events."""
    replayed = _run(CORRELATOR, "replay", str(SAMPLE)).stdout.splitlines()
    wanted = len({orjson.loads(line)["record_id"] for line in replayed})
    done = _run(sys.executable, "-m", "demo")
    shown = re.search(r"^(\d+) records of", done.stdout, re.MULTILINE)
    seconds = re.search(r"^in (\d+) seconds", done.stdout, re.MULTILINE)
    if done.returncode or not (shown and seconds) or int(shown[1]) != wanted:
        return False, f"failed: {[*done.stdout.splitlines(), *done.stderr.splitlines()][-1:]}"
    return True, f"{seconds[1]} s"


def _tests(release: Release) -> tuple[bool, str]:
    wanted = [*TESTS, ENDED if release.lists_transactions else WAITED_FOR]
    done = _run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *wanted)
    passed = re.search(r"(\d+) passed", done.stdout)
    count = int(passed[1]) if passed else 0
    failed = [line.partition("::test_")[2].partition(" ")[0] for line in _failures(done.stdout)]
    said = f"{count} of {len(wanted)}"
    if count == len(wanted):
        return True, said
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / f"{release}.log").write_text(done.stdout + done.stderr)
    return False, f"{said}; failed: {', '.join(failed)}"


def _failures(output: str) -> Iterator[str]:
    yield from (line for line in output.splitlines() if line.startswith(("FAILED", "ERROR")))


def _run(*command: str | Path, env: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    required = {"REQUIRE_KAFKA": "1"}
    return subprocess.run(
        command, cwd=ROOT, env=(env or dict(os.environ)) | required, capture_output=True, text=True, check=False
    )
