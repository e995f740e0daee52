"""What the demos have in common, and `make demo` itself: what goes wrong is a sentence, and nothing is left."""

import os
import subprocess
import sys

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from demo.demonstration import Demonstration, Failed, demonstration
from support.deployment import Deployment

DEMO = [sys.executable, "-m", "demo"]


def run(**environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(DEMO, env=os.environ | environment, capture_output=True, text=True, timeout=120)


def test_a_program_that_ends_by_itself_is_a_sentence():
    demo = Demonstration(Deployment("127.0.0.1:1", "demo"), 1)
    with demo.running("the stage", "no-such-command", env=dict(os.environ)):
        demo._programs["the stage"].wait(60)
        with pytest.raises(Failed, match=r"^the stage ended with 2, and said why above\.$"):
            demo.check()
    demo.check()  # it is none of ours any more


async def test_topics_that_cannot_be_made_are_a_sentence(kafka: str):
    with pytest.raises(Failed, match=r"^the topics could not be created"):
        async with demonstration(kafka, REPLICATION_FACTOR="9"):
            pass


async def test_the_demo_shows_its_records_and_leaves_nothing(kafka: str, tmp_path):
    done = run(KAFKA_BOOTSTRAP_SERVERS=kafka, TMPDIR=f"{tmp_path}")
    assert (done.returncode, done.stderr) == (0, "")
    assert "24 records of 341 events" in done.stdout
    assert "FAILED, exit 0" in done.stdout
    assert await topics(kafka) == []
    assert list(tmp_path.iterdir()) == []


def test_without_a_kafka_it_replays(tmp_path):
    done = run(PATH="", JAVA_HOME="", KAFKA_BOOTSTRAP_SERVERS="", XDG_CACHE_HOME=f"{tmp_path}")
    assert (done.returncode, done.stderr) == (0, "")
    assert "No Kafka is available, since" in done.stdout
    assert "24 records of 341 events" in done.stdout


async def topics(kafka: str) -> list[str]:
    """Those of demos."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        return [name for name in await admin.list_topics() if name.startswith("demo-")]
    finally:
        await admin.close()
