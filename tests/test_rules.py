"""The rules in docs/rules.md keep their numbers, and whatever cites one cites a rule that is there."""

import re
import subprocess
from itertools import groupby
from pathlib import Path

import pytest

from tests.core.cases import CASES

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "rules.md"

ID = r"[A-Z][0-9]{1,2}\b"
CITED = re.compile(rf"\b[Rr]ules?[\s#]+({ID}(?:(?:,|,?[\s#]+(?:and|or|to))[\s#]+{ID})*)")
"""``rule M4``, ``rules M2, M3 and C1``, also where a line ends in between, in a comment too."""

RULES = re.findall(rf"^- \*\*({ID})\. ", PAGE.read_text(), re.MULTILINE)


ELSEWHERE = {
    "O6": "tests/records/test_rendering.py",
    "A3": "tests/core/test_codec.py",
    "A4": "tests/core/test_any_order.py",
    "T1": "tests/core/test_partition_clock.py",
    "T2": "tests/core/test_partition_clock.py",
    "T3": "tests/core/test_partition_clock.py",
    "T4": "tests/core/test_clocks.py",
    "T6": "tests/stage/test_intake.py",
    "T7": "tests/core/test_partition_clock.py",
    "T8": "tests/core/test_cases.py",
    "B1": "tests/core/test_bounds.py",
    "B2": "tests/core/test_bounds.py",
    "B3": "tests/core/test_bounds.py",
    "B4": "tests/prefect/test_decoding.py",
    "B5": "tests/prefect/test_decoding.py",
    "B6": "tests/records/test_rendering.py",
}
"""Where rules are shown that no case shows: one event's, a partition's, those of a thousand events or of no order."""


def cited(text: str) -> list[str]:
    """The ids that a text cites, in its order."""
    return [id_ for ids in CITED.findall(text) for id_ in re.findall(ID, ids)]


def tracked() -> list[Path]:
    """The files of the project; without git, what could hold a citation."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return [
            path
            for place in (
                "bench",
                "chaos",
                "contract",
                "correlator",
                "deploy",
                "demo",
                "docs",
                "local",
                "sessions",
                "support",
                "tests",
                "tools",
                "topics",
            )
            for path in (ROOT / place).rglob("*")
            if path.suffix in {".md", ".py", ".yaml"}
        ]
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize(
    "text, ids",
    [
        ("rule M4", ["M4"]),
        ("(Rule T2: an event dated ahead.)", ["T2"]),
        ("rules M2, M3 and C1", ["M2", "M3", "C1"]),
        ("rules M2, M3, or C1", ["M2", "M3", "C1"]),
        ("rules C1 to C4, which", ["C1", "C4"]),
        ("    # as by rule\n    # M4", ["M4"]),
        ("by rules M2\n    and M3, as A is", ["M2", "M3"]),
        ("ruff's rule S603, the rules of M4, overrule M4", []),
    ],
)
def test_how_rules_are_cited(text, ids):
    assert cited(text) == ids


def test_numbers_are_unique_and_without_gaps():
    letters = [letter for letter, _ in groupby(RULES, key=lambda id_: id_[0])]
    assert len(set(letters)) == len(letters)
    counts = {letter: sum(id_[0] == letter for id_ in RULES) for letter in letters}
    assert [f"{letter}{number}" for letter in letters for number in range(1, counts[letter] + 1)] == RULES


def test_every_rule_says_why():
    rules = re.split(r"^- (?=\*\*[A-Z][0-9])", PAGE.read_text(), flags=re.MULTILINE)[1:]
    assert len(rules) == len(RULES)
    assert [rule.split(".")[0] for rule in rules if not re.search(r"^ +(Why|Source): ", rule, re.MULTILINE)] == []


def test_every_rule_that_is_cited_is_there():
    unknown = []
    for path in tracked():
        if path == Path(__file__):
            continue
        try:
            text = path.read_text()
        except UnicodeDecodeError:  # an image, a gzipped schema
            continue
        unknown += [f"{path.relative_to(ROOT)}: {id_}" for id_ in cited(text) if id_ not in RULES]
    assert unknown == []


def test_every_rule_that_decides_is_shown_by_a_case_or_elsewhere():
    decide = {id_ for id_ in RULES if id_[0] in "MCWOATB"}
    by_cases = {id_ for case in CASES for id_ in cited(case.rule)}
    assert by_cases | ELSEWHERE.keys() == decide
    assert by_cases & ELSEWHERE.keys() == set()


@pytest.mark.parametrize("id_, path", ELSEWHERE.items(), ids=ELSEWHERE)
def test_what_is_shown_elsewhere_is_cited_there(id_, path):
    assert id_ in cited((ROOT / path).read_text())


def test_every_case_shows_a_rule():
    assert [case.name for case in CASES if not CITED.fullmatch(case.rule)] == []
