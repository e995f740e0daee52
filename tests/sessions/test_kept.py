"""A session is read as it was written, and judged without Prefect."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from demo.session import SAMPLE
from sessions.__main__ import main
from sessions.deeds import Deed, Done, Plot
from sessions.judging import is_good, judge
from sessions.kept import Unreadable, keep, kept
from sessions.table import HEAD

DONE = Done("3.9.1", "3.11.7", 60.5, [Deed(Plot.STOPPED, "Wörker", 1.5, None)], {})


def test_what_is_kept(tmp_path: Path):
    file = tmp_path / "deep" / "prefect-3.9.1.jsonl"
    keep(file, [{"event": "prefect.worker.started"}], DONE)
    assert kept(file, Done) == ([b'{"event":"prefect.worker.started"}'], DONE)


def test_what_is_not_there_or_not_whole(tmp_path: Path):
    file = tmp_path / "session.jsonl"
    with pytest.raises(Unreadable, match=r"session.jsonl cannot be read: No such file"):
        kept(file, Done)
    file.touch()
    (tmp_path / "session.done.json").write_text("{}")
    with pytest.raises(Unreadable, match=r"session.done.json is not what was done"):
        kept(file, Done)


def test_a_session_is_judged_without_prefect(tmp_path: Path):
    """Nothing is known about what was done in the sample, so each of its records counts as one of nothing that was
    done.
    """
    file = tmp_path / "session.jsonl"
    keep(file, [], DONE)
    file.write_bytes(SAMPLE.read_bytes())
    judged = judge(file)
    assert judged.orders == {"in reverse": 0, "all twice": 0}
    assert judged.rows[0].wrong
    assert not is_good(judged)
    told = CliRunner().invoke(main, ["check", str(file)])
    assert told.exit_code == 1
    assert "a record of something that was not done" in told.output


def test_sessions_as_a_table_for_the_docs(tmp_path: Path):
    file = tmp_path / "session.jsonl"
    keep(file, [], DONE)
    told = CliRunner().invoke(main, ["rows", str(file)])
    head, _, row = told.output.splitlines()
    assert head == HEAD.splitlines()[0]
    assert row == "| 3.9.1 | 3.11.7 | 60 | 0 | 0 of 1 | – | – | nothing | nothing, hook not run | nothing | 0 of 1 |"


def test_what_is_no_release_is_refused():
    told = CliRunner().invoke(main, ["drive", "2.20.27"])
    assert told.exit_code == 2
    assert "is no release of Prefect 3" in told.output
