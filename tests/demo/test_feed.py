"""The laptop's feeder: it says where it feeds, and what keeps it from doing so, in a sentence."""

import signal
import subprocess
import sys

import pytest

from demo.session import SAMPLE
from local.ports import free_ports
from support.deployment import Deployment, environment

FEED = [sys.executable, "-m", "demo.feed"]


def feed(*arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run it to its end."""
    return subprocess.run(
        [*FEED, *arguments], env=environment(**settings), capture_output=True, text=True, timeout=60, check=False
    )


def test_help_feeds_nothing():
    done = feed("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "until Ctrl-C" in done.stdout


def test_no_kafka_is_a_sentence():
    (port,) = free_ports(1)
    done = feed(BOOTSTRAP_SERVERS=f"127.0.0.1:{port}")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: No Kafka broker answers at 127.0.0.1:{port}: ")
    assert done.stderr.count("\n") == 1


def test_a_bad_setting_is_a_sentence():
    done = feed(SECURITY_PROTOCOL="tls")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: CORRELATOR_SECURITY_PROTOCOL is 'tls' but must be ")


def test_a_missing_topic_is_a_sentence(kafka: str):
    deployment = Deployment(kafka, "fed")
    done = feed(**deployment.settings)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"Error: There is no topic {deployment.events} on Kafka at {kafka}:"
        " create it with `correlator topics create`.\n"
    )


@pytest.mark.parametrize("keyed_by", ["any", "subject"])
async def test_it_feeds_until_ctrl_c(kafka: str, create_topic, keyed_by):
    deployment = Deployment(kafka, "fed")
    deployment.events = await create_topic("fed", partitions=4)
    said = until_the_second_session(deployment.environment(TOPIC_EVENTS=deployment.events, INPUT_KEYED_BY=keyed_by))
    assert said[0] == f"Feeding {deployment.events} on Kafka at {kafka}; Ctrl-C ends it.\n"
    fed = await deployment.read(deployment.events)
    assert len(fed) >= len(SAMPLE.read_bytes().splitlines())
    keys = {record.key for record in fed}
    assert (keys == {None}) is (keyed_by == "any")
    assert (b"prefect.worker.process.long-worker" in keys) is (keyed_by == "subject")


def until_the_second_session(env: dict[str, str]) -> list[str]:
    """Feed the first session, which is sent at once, and press Ctrl-C; return what was said until then."""
    with subprocess.Popen(FEED, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = [process.stdout.readline()]
        while "session 2 begins" not in said[-1]:
            assert said[-1], process.communicate()
            said.append(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=20) == ("", "")
    assert process.returncode == 0
    return said
