"""What a run of the tests says of those that need a broker, in its last line."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

BROKER_TEST = Path(__file__).with_name("test_broker.py")
UNIT_TEST = Path(__file__).with_name("test_choice.py")


def run_tests(*arguments: str | Path, **environment: str) -> tuple[int, list[str]]:
    """Run tests where no Kafka is available; return the exit code and the lines."""
    ours = {name: value for name, value in os.environ.items() if name not in {"JAVA_HOME", "KAFKA_BOOTSTRAP_SERVERS"}}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        env=ours | {"PATH": "", "REQUIRE_KAFKA": ""} | environment,
        cwd=BROKER_TEST.parents[2],
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize(
    ("required", "exit_code", "became"), [("", 0, "SKIPPED"), ("0", 0, "SKIPPED"), ("1", 1, "FAILED")]
)
def test_without_a_kafka(required: str, exit_code: int, became: str):
    code, lines = run_tests(BROKER_TEST, REQUIRE_KAFKA=required)
    assert code == exit_code
    assert re.match(rf"broker tests: \d+ {became}, because: No Kafka is available, since ", lines[-1])
    assert lines[-2].startswith("=")  # pytest's own closing line stays what it is


def test_without_a_broker_test():
    code, lines = run_tests(UNIT_TEST, "-k", "free_ports")
    assert code == 0
    assert lines[-1] == "broker tests: none selected"
