"""The rules in docs/rules.md keep their numbers, and whatever cites one cites a rule that is there."""

import re
import subprocess
from itertools import groupby
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "rules.md"

ID = r"[A-Z][0-9]{1,2}\b"
CITED = re.compile(rf"\b[Rr]ules?[\s#]+({ID}(?:(?:,|,?[\s#]+(?:and|or|to))[\s#]+{ID})*)")
"""``rule M4``, ``rules M2, M3 and C1``, also where a line ends in between, in a comment too."""

RULES = re.findall(rf"^- \*\*({ID})\. ", PAGE.read_text(), re.MULTILINE)


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
            for place in ("bench", "chaos", "contract", "correlator", "deploy", "docs", "local", "tests", "topics")
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
