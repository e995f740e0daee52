"""Releases of Apache Kafka: which are tried and how, and the table that comes of it."""

from datetime import date

import pytest
from click.testing import CliRunner

from local.releases import TRIED, Release
from tools.brokers import BEGIN, DOCUMENT, END, main, renewed, row
from tools.trying import ENDED, ROOT, TESTS, WAITED_FOR, Tried

WAITS = "no ListTransactions: what a dead worker has left open ends with its timeout"
OLD, BEFORE_3, NEW = Release.of("2.4.1"), Release.of("2.8.2"), Release.of("4.1.2")


def test_releases_are_compared_as_numbers():
    assert sorted(map(Release.of, ("3.10.0", "3.9.1", "4.0.0", "2.8.2"))) == [
        (2, 8, 2),
        (3, 9, 1),
        (3, 10, 0),
        (4, 0, 0),
    ]


@pytest.mark.parametrize(
    "version, refused, with_zookeeper, lists_transactions",
    [
        ("2.4.1", True, True, False),
        ("2.5.0", False, True, False),
        ("2.8.2", False, True, False),
        ("3.0.0", False, True, True),
        ("3.2.3", False, True, True),
        ("3.3.0", False, False, True),
        ("4.0.0", False, False, True),
    ],
)
def test_what_makes_a_difference(version: str, refused: bool, with_zookeeper: bool, lists_transactions: bool):
    release = Release.of(version)
    assert (release.is_refused, release.needs_zookeeper, release.lists_transactions) == (
        refused,
        with_zookeeper,
        lists_transactions,
    )


def test_both_sides_of_every_difference_are_tried():
    for differs in ("is_refused", "needs_zookeeper", "lists_transactions"):
        assert {getattr(release, differs) for release in TRIED} == {True, False}
    assert list(TRIED) == sorted(TRIED)


@pytest.mark.parametrize("test", [*TESTS, ENDED, WAITED_FOR])
def test_the_tests_that_are_run_are_there(test: str):
    path, _, name = test.partition("::")
    assert f"def {name.partition('[')[0]}(" in (ROOT / path).read_text()


@pytest.mark.parametrize(
    "tried, line",
    [
        (Tried(NEW, "16 s", "7 of 7", good=True), "| 4.1.2 | KRaft | 16 s | 7 of 7 | – |\n"),
        (Tried(BEFORE_3, "16 s", "7 of 7", good=True), f"| 2.8.2 | ZooKeeper | 16 s | 7 of 7 | {WAITS} |\n"),
        (Tried(OLD, "refused", "–", good=True), "| 2.4.1 | ZooKeeper | refused | – | no TxnOffsetCommit v3 |\n"),
    ],
)
def test_a_line(tried: Tried, line: str):
    assert row(tried) == line


def test_the_document_is_renewed_between_its_marks():
    text = DOCUMENT.read_text()
    once = renewed(text, [Tried(NEW, "16 s", "7 of 7", good=True)], date(2026, 11, 30))
    assert once.partition(BEGIN)[0] == text.partition(BEGIN)[0]
    assert once.partition(END)[2] == text.partition(END)[2]
    assert "Tried on 2026-11-30." in once
    assert renewed(once, [Tried(NEW, "16 s", "7 of 7", good=True)], date(2026, 11, 30)) == once


@pytest.mark.parametrize("version", ["4", "new", "1.2.3.4"])
def test_what_is_no_release(version: str):
    said = CliRunner().invoke(main, [version])
    assert said.exit_code == 2
    assert "Give releases such as 2.8.2" in said.stderr
