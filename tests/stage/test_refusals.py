"""A start that is refused: one sentence that names the thing, exit code 1 (2 for a bad setting), and no traceback."""

import asyncio
import time
from collections.abc import Callable, Mapping

import pytest

from tests.commands.running import correlator
from tests.stage.running import Stage


def refused(settings: Mapping[str, str]) -> tuple[int, str]:
    """Start a worker that should refuse to run; returns its exit code and its last words."""
    began = time.monotonic()
    ended = correlator("worker", **settings)
    assert time.monotonic() - began < 30
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stderr.strip().splitlines()[-1]


def test_a_wrong_broker_address() -> None:
    code, said = refused({"BOOTSTRAP_SERVERS": "127.0.0.1:1"})
    assert code == 1
    assert "127.0.0.1:1" in said


def test_a_missing_input_topic(kafka: str, topic: Callable[..., str]) -> None:
    missing = topic("missing")
    code, said = refused({"BOOTSTRAP_SERVERS": kafka, "APP_ID": topic("app"), "TOPIC_EVENTS": missing})
    assert code == 1
    assert missing in said


def test_a_bad_setting_is_named() -> None:
    code, said = refused({"PARTITIONS": "many"})
    assert code == 2
    assert "CORRELATOR_PARTITIONS" in said
    assert "many" in said


@pytest.mark.parametrize("command", [["topics", "create"], ["topics", "check"]])
def test_topics_commands_with_a_wrong_broker_address(command: list[str]) -> None:
    ended = correlator(*command, BOOTSTRAP_SERVERS="127.0.0.1:1")
    assert ended.returncode == 1
    assert "127.0.0.1:1" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_session_timeout_that_the_broker_does_not_allow(new_stage: Callable[..., Stage]) -> None:
    code, said = refused({**new_stage().settings, "SESSION_TIMEOUT": "31m"})
    assert code == 1
    assert "the group does not take this process, so this process ends: " in said
    assert "InvalidSessionTimeoutError" in said


@pytest.mark.parametrize("theirs, ours", [("any", "subject"), ("subject", "any")])
async def test_a_worker_with_another_number_of_hops(new_stage: Callable[..., Stage], theirs: str, ours: str) -> None:
    """It would take the running worker's partitions over, and that one would end."""
    stage = new_stage(INPUT_KEYED_BY=theirs)
    worker = stage.start()
    await stage.until_said(worker, "holds")
    code, said = await asyncio.to_thread(refused, {**stage.settings, "INPUT_KEYED_BY": ours})
    assert code == 1
    assert said == (
        f"Workers are running under the app id {stage.app_id} with another CORRELATOR_INPUT_KEYED_BY:"
        " set it to the same here, or start from scratch under another CORRELATOR_APP_ID."
    )
    assert worker.poll() is None


async def test_another_deployment_under_the_same_app_id(new_stage: Callable[..., Stage]) -> None:
    """Their events would meet in one table, by the clocks of either."""
    running, other = new_stage(), new_stage()
    other.settings["APP_ID"] = running.app_id
    worker = running.start()
    await running.until_said(worker, "holds")
    code, said = await asyncio.to_thread(refused, other.settings)
    assert code == 1
    assert said == (
        f"Another deployment runs under the app id {running.app_id} and reads {running.events}: give one of them"
        " another CORRELATOR_APP_ID. (If you have changed CORRELATOR_TOPIC_EVENTS, stop all of its workers first.)"
    )
    second = running.start()  # one of the same is welcome
    await running.until_said(second, "holds")
