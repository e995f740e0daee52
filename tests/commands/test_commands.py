"""What a user types, and what the command line answers: exit codes, and a sentence on stderr."""

import gzip
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from correlator import __version__
from correlator.commands.worker import start
from correlator.settings import Settings, SettingsError
from demo.session import SAMPLE
from support.deployment import CORRELATOR, environment
from tests.commands.running import correlator


@pytest.mark.parametrize(
    "arguments, text",
    [
        ((), "Missing command: see `correlator --help`.\n"),
        (("topic",), "No such command 'topic'"),
        (("topics",), "Missing command: see `correlator topics --help`.\n"),
        (("topics", "delete"), "No such command 'delete'"),
        (("topics", "list", "--all"), "No such option"),
        (("worker", "fast"), "Got unexpected extra argument (fast): see `correlator worker --help`.\n"),
        (("replay",), "Give either files of events or --prefect: see `correlator replay --help`.\n"),
    ],
)
def test_wrong_usage_is_2(arguments, text):
    done = correlator(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith(text)
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


@pytest.mark.parametrize("arguments", [("worker",), ("topics", "list"), ("topics", "check"), ("replay", "-")])
def test_a_bad_setting_is_2(arguments):
    done = correlator(*arguments, GRACE="soon")
    assert done.returncode == 2
    assert done.stderr.startswith("CORRELATOR_GRACE is 'soon' but must be a duration such as")
    assert len(done.stderr.splitlines()) == 1


def test_a_misspelt_setting_is_2():
    done = correlator("topics", "list", APP="etl", PARTITION="3")
    assert done.returncode == 2
    assert "CORRELATOR_PARTITION is not a setting; did you mean CORRELATOR_PARTITIONS?" in done.stderr


def test_a_file_that_is_not_there_is_1():
    done = correlator("replay", "nowhere.jsonl")
    assert (done.returncode, done.stderr) == (1, "nowhere.jsonl cannot be read: No such file or directory.\n")


def test_version_and_help():
    assert correlator("--version").stdout == f"correlator {__version__}\n"
    for arguments in (("--help",), ("topics", "-h"), ("worker", "-h"), ("replay", "-h")):
        shown = correlator(*arguments)
        assert (shown.returncode, shown.stderr) == (0, "")
        assert shown.stdout.startswith("Usage: correlator")


def test_topics_list_needs_no_broker_and_names_every_topic_in_full():
    done = correlator("topics", "list", APP_ID="a" * 100, BOOTSTRAP_SERVERS="nobody.invalid:1")
    assert done.returncode == 0
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        "topic",
        "prefect.events",
        "prefect.worker-uptime",
        "prefect.flow-run-duration",
        "prefect.events.dead-letter",
        f"{'a' * 100}-lifecycles",
        f"{'a' * 100}-subjects-changelog",
    ]


def test_topics_list_does_not_wait_for_faust():
    code = (
        "import sys, atexit; atexit.register(lambda: print('faust' in sys.modules, file=sys.stderr));"
        "from correlator.commands import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code, "topics", "list"], capture_output=True, text=True, timeout=60)
    assert done.stderr == "False\n"


@pytest.mark.parametrize("arguments", [("topics", "check"), ("topics", "create"), ("worker",)])
def test_no_broker_is_1_with_a_sentence_and_within_30_seconds(arguments):
    done = correlator(*arguments, BOOTSTRAP_SERVERS="127.0.0.1:1", LOG_LEVEL="error")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1] == (
        "No Kafka broker answers at 127.0.0.1:1: check that one is running there, or set CORRELATOR_BOOTSTRAP_SERVERS."
    )


def test_topics_on_a_broker(kafka, topic):
    app_id = topic("commands")
    names = {"EVENTS": "raw", "WORKER_UPTIME": "up", "FLOW_RUN_DURATION": "runs", "DEAD_LETTER": "dead"}
    settings = {f"TOPIC_{name}": f"{app_id}-{value}" for name, value in names.items()}
    settings |= {"APP_ID": app_id, "BOOTSTRAP_SERVERS": kafka, "PARTITIONS": "1"}

    missing = correlator("topics", "check", **settings)
    assert missing.returncode == 1
    assert len(missing.stdout.splitlines()) == 6
    assert missing.stdout.startswith(f"The topic {app_id}-raw is missing: ")

    created = correlator("topics", "create", **settings)
    assert (created.returncode, created.stderr) == (0, "")
    assert created.stdout.splitlines()[0] == f"created {app_id}-raw"

    again = correlator("topics", "create", **settings)
    assert (again.returncode, again.stdout) == (0, "nothing to create: every topic is there\n")
    fine = correlator("topics", "check", **settings)
    assert (fine.returncode, fine.stdout, fine.stderr) == (0, "every topic is as declared\n", "")


def test_a_store_that_is_not_installed_is_2(monkeypatch):
    monkeypatch.setattr("correlator.commands.worker.find_spec", lambda _: None)
    with pytest.raises(
        SettingsError, match=r"CORRELATOR_STORE is rocksdb://, which is not installed: pip install '.*'"
    ):
        start(Settings(store="rocksdb://"))


@pytest.mark.parametrize("damaged", [slice(0, 40), slice(20, None)], ids=["cut off", "without its head"])
def test_a_damaged_gz_is_told_in_a_sentence(tmp_path, damaged):
    path = tmp_path / "events.jsonl.gz"
    path.write_bytes(gzip.compress(random.Random(1).randbytes(4000))[damaged])
    done = correlator("replay", str(path))
    assert done.returncode == 1
    assert re.fullmatch(rf"{path} cannot be read: .*\.\n", done.stderr)


def test_a_gz_that_is_damaged_within_is_told_in_a_sentence(tmp_path):
    path, whole = tmp_path / "events.jsonl.gz", bytearray(gzip.compress(b"{}\n" * 4000))
    whole[12:20] = bytes(8)
    path.write_bytes(whole)
    done = correlator("replay", str(path))
    assert done.returncode == 1
    assert re.fullmatch(rf"{path} cannot be read: .*\.\n", done.stderr)


@pytest.mark.parametrize("content, lines", [("", 0), ("# Notes\n\nof mine\n", 3)])
def test_a_file_without_events_is_told_so(tmp_path, content, lines):
    path = tmp_path / "notes"
    path.write_text(content)
    done = correlator("replay", str(path))
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith(f"{lines} lines in ")
    assert "The input has no event of a Prefect worker or runner (one JSON object per line is expected)." in done.stderr


def test_an_answer_of_prefect_s_api_is_told_how_to_become_lines(tmp_path):
    """The likeliest mistake: the answer as it is, without ``jq``."""
    path = tmp_path / "answer.json"
    path.write_text('{"events":[{"event":"prefect.worker.started"}],"total":1,"next_page":null}')
    done = correlator("replay", str(path))
    assert done.stderr.endswith("into lines with `jq -c '.events[]' FILE`.\n")


def test_invalid_lines_are_named_up_to_a_number(tmp_path):
    path = tmp_path / "invalid.jsonl"
    path.write_text('{"event":"prefect.worker.started"}\n' * 7)
    *_, fifth, more, _ = correlator("replay", str(path)).stderr.splitlines()
    assert fifth.startswith(f"invalid: {path}, line 5: ")
    assert more == "invalid: 2 more"


def test_a_pipe_is_read_as_a_file_is(tmp_path):
    """What a shell's ``<(…)`` gives."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with subprocess.Popen(["tee", path], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as tee:
        tee.stdin.write(b'{"event":"prefect.flow-run.Completed"}\n')
        tee.stdin.close()
        done = correlator("replay", str(path))
    assert done.returncode == 0
    assert "1 of other kinds" in done.stderr


@pytest.mark.parametrize("arguments", [("replay", SAMPLE), ("topics", "list")], ids=["replay", "topics list"])
def test_a_full_disk_is_told_in_a_sentence(arguments):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([CORRELATOR, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.endswith("No space left on the device that the output goes to.\n")
    assert "Traceback" not in done.stderr


CLOSED = {
    ("replay", f"{SAMPLE}", ">&-"): "Standard output is closed, so there is nowhere to print to.\n",
    ("topics", "list", ">&-"): "Standard output is closed, so there is nowhere to print to.\n",
    ("topics", "acls", ">&-"): "Standard output is closed, so there is nowhere to print to.\n",
    ("replay", "-", "<&-"): "Standard input cannot be read: it is closed.\n",
}


@pytest.mark.parametrize("words, said", CLOSED.items(), ids=lambda it: it[0] if isinstance(it, tuple) else "")
def test_a_standard_stream_that_is_closed_is_told_in_a_sentence(words, said):
    *arguments, closing = words
    command = ["sh", "-c", f'exec "$0" "$@" {closing}', CORRELATOR, *arguments]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (1, said)
