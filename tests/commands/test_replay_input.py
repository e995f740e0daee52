"""What ``correlator replay`` reads: files as they are or packed, standard input, and any number of them in turn."""

import gzip
import subprocess
from pathlib import Path

import pytest

from support.deployment import CORRELATOR, environment
from tests.commands.running import correlator
from tests.page.reading import Page, text

SAMPLE = Path(__file__).parents[2] / "demo" / "sample" / "prefect-3.9.1-events.jsonl"
EVENTS = SAMPLE.read_bytes()
LINES = EVENTS.splitlines(keepends=True)
HALF = len(LINES) // 2
INVALID = b'{"event":"prefect.worker.started","id":"none"}\n'


@pytest.fixture(scope="module")
def expected() -> str:
    """The records of the sample, read as a file."""
    done = correlator("replay", str(SAMPLE), "--open")
    assert done.returncode == 0
    assert done.stdout.count("\n") > 30
    return done.stdout


def replayed(*arguments: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    """Replay with so much on standard input."""
    return subprocess.run(
        [CORRELATOR, "replay", *arguments, "--open"],
        env=environment(),
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
    )


FORMS = {
    "a file": ("events.jsonl", EVENTS),
    "no newline at its end": ("events.jsonl", EVENTS.rstrip(b"\n")),
    "packed": ("events.jsonl.gz", gzip.compress(EVENTS)),
    "packed in members, as a log that is appended to": (
        "events.jsonl.gz",
        gzip.compress(b"".join(LINES[:HALF])) + gzip.compress(b"".join(LINES[HALF:])),
    ),
    "packed, a member ends within a line": (
        "events.gz",
        gzip.compress(EVENTS[: len(EVENTS) // 2]) + gzip.compress(EVENTS[len(EVENTS) // 2 :]),
    ),
}


@pytest.mark.parametrize("name, content", FORMS.values(), ids=FORMS)
def test_a_file_in_any_form_gives_the_same_records(tmp_path, expected, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    done = replayed(str(path))
    assert (done.returncode, done.stdout.decode()) == (0, expected)


def test_standard_input_gives_the_same_records(expected):
    done = replayed("-", stdin=EVENTS)
    assert (done.returncode, done.stdout.decode()) == (0, expected)


def test_files_are_read_in_turn_as_one_log(tmp_path, expected):
    """A lifecycle may begin in one and end in the next, whatever form each has."""
    parts = {"1.jsonl.gz": LINES[:50], "2.jsonl": LINES[50:HALF], "4.jsonl.gz": LINES[-50:]}
    for name, lines in parts.items():
        whole = b"".join(lines)
        (tmp_path / name).write_bytes(gzip.compress(whole) if name.endswith(".gz") else whole)
    files = [str(tmp_path / name) for name in parts]
    done = replayed(*files[:2], "-", files[2], stdin=b"".join(LINES[HALF:-50]))
    assert (done.returncode, done.stdout.decode()) == (0, expected)


@pytest.mark.parametrize("form", ["-", "events.jsonl", "events.jsonl.gz"])
def test_what_is_no_valid_event_is_named_by_where_it_lies(tmp_path, monkeypatch, expected, form):
    monkeypatch.chdir(tmp_path)
    content = b"".join([*LINES[:2], INVALID, *LINES[2:]])
    if form != "-":
        Path(form).write_bytes(gzip.compress(content) if form.endswith(".gz") else content)
    done = replayed(form, stdin=content if form == "-" else b"")
    assert (done.returncode, done.stdout.decode()) == (0, expected)
    assert f"invalid: {form}, line 3: id is 'none', not a UUID" in done.stderr.decode().splitlines()


@pytest.mark.parametrize("form", ["-", "events.jsonl", "events.jsonl.gz"])
def test_nothing_to_read_is_no_failure(tmp_path, form):
    path = tmp_path / form
    path.write_bytes(gzip.compress(b"") if form.endswith(".gz") else b"")
    done = replayed(form if form == "-" else str(path))
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"0 lines" in done.stderr


UNREADABLE = {  # what lies there; what is said of it
    "not packed, though its name says so": (lambda path: path.write_bytes(EVENTS), "Not a gzipped file (b'{\"')"),
    "a directory": (lambda path: path.mkdir(), "Is a directory"),
}


@pytest.mark.parametrize("put, said", UNREADABLE.values(), ids=UNREADABLE)
def test_what_cannot_be_read_is_1_with_a_sentence(tmp_path, put, said):
    path = tmp_path / "events.jsonl.gz"
    put(path)
    done = replayed(str(path))
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode() == f"{path} cannot be read: {said}.\n"


def test_a_page_of_standard_input_says_so(tmp_path):
    report = tmp_path / "report.html"
    assert replayed("-", "--html", str(report), stdin=EVENTS).returncode == 0
    assert "standard input, as replayed" in text(Page(report.read_text(encoding="utf-8")).root)
