"""``correlator replay --html``: the records as ever, and a page."""

from pathlib import Path

import orjson
import pytest

from tests.commands.running import correlator
from tests.page.reading import Page, text

SAMPLE = Path(__file__).parents[2] / "demo" / "sample" / "prefect-3.9.1-events.jsonl"


def test_the_page_tells_what_the_records_tell(tmp_path):
    report = tmp_path / "report.html"
    plain, with_page = correlator("replay", str(SAMPLE)), correlator("replay", str(SAMPLE), "--html", str(report))
    assert (with_page.returncode, with_page.stdout) == (0, plain.stdout)

    records = {it["record_id"]: it for it in map(orjson.loads, plain.stdout.splitlines())}
    still_open = [
        it
        for it in map(orjson.loads, correlator("replay", str(SAMPLE), "--open").stdout.splitlines())
        if not it["outcome"]
    ]
    page = Page(report.read_text(encoding="utf-8"))
    assert "prefect-3.9.1-events.jsonl, as replayed" in text(page.root)
    for outcome in ("completed", "cancelled", "superseded", "lost", "unmatched"):
        assert page.figures()[outcome] == str(sum(it["outcome"] == outcome for it in records.values()))
    assert {it.get("id") for it in page.all("tr[@id]")} == records.keys() | {it["record_id"] for it in still_open}
    assert len(page.rows("runs")) + len(page.rows("workers")) == len(still_open) > 0


def test_flush_leaves_nothing_open(tmp_path):
    correlator("replay", str(SAMPLE), "--flush", "--html", str(tmp_path / "report.html"))
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert page.rows("runs") == page.rows("workers") == []
    assert int(page.figures()["lost"]) > 0


def test_a_page_that_cannot_be_written_is_told_before_anything_is_read(tmp_path):
    where = tmp_path / "nowhere" / "report.html"
    done = correlator("replay", str(SAMPLE), "--html", str(where))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{where} cannot be written: No such file or directory.\n"


@pytest.mark.parametrize("before", [None, "<!doctype html>an earlier page"])
def test_a_replay_that_fails_leaves_what_was_there(tmp_path, before):
    report = tmp_path / "report.html"
    if before is not None:
        report.write_text(before)
    assert correlator("replay", "nowhere.jsonl", "--html", str(report)).returncode == 1
    assert (report.read_text() if report.exists() else None) == before


@pytest.mark.parametrize("form", ["/dev/stdout", "/dev/stderr"])
def test_the_page_can_go_to_a_pipe(form):
    done = correlator("replay", str(SAMPLE), "--html", form)
    assert done.returncode == 0
    assert "<!doctype html>" in (done.stdout if form == "/dev/stdout" else done.stderr).lower()


def test_a_file_of_events_is_not_taken_for_the_page(tmp_path):
    """``--html *.jsonl``, the page's name forgotten: the first file would be gone."""
    events = tmp_path / "events.jsonl"
    events.write_bytes(SAMPLE.read_bytes())
    done = correlator("replay", "--html", str(events), str(events))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{events} is not an HTML page and would be overwritten: give --html another file.\n"
    assert events.read_bytes() == SAMPLE.read_bytes()
