"""The code is as docs/design.md says: every module imports only what its place may know."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "correlator"
EVERYTHING = "…"


def documented() -> dict[str, set[str]]:
    """By place, what it may know, as the table has it."""
    table = re.findall(r"^\| (`.*?) \| .* \| (.*?) \|$", (ROOT / "docs" / "design.md").read_text(), re.MULTILINE)
    return {
        place: {EVERYTHING} if EVERYTHING in knows else set(re.findall(r"`(\w+)`", knows))
        for places, knows in table
        for place in re.findall(r"`(\w+)`", places)
    }


def places() -> dict[str, list[Path]]:
    """The package's modules and packages at its top, with their files."""
    return {
        path.stem: [path] if path.is_file() else sorted(path.rglob("*.py"))
        for path in PACKAGE.iterdir()
        if (path.suffix == ".py" and path.name != "__init__.py") or (path / "__init__.py").exists()
    }


def imported(path: Path) -> set[str]:
    """The places that a file imports, also within functions and for types only."""
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert not node.level, "imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        found |= {name.split(".")[1] for name in names if name.startswith("correlator.")}
    return found - {"__version__"}


DOCUMENTED = documented()


def test_every_place_is_documented_and_there():
    assert set(DOCUMENTED) == set(places())


@pytest.mark.parametrize("place", sorted(set(DOCUMENTED) - {"commands"}))
def test_a_place_knows_what_its_row_says(place):
    known = set[str]().union(*map(imported, places()[place])) - {place}
    assert known == DOCUMENTED[place] - {place}


def test_nothing_is_known_in_a_circle():
    left = {place: knows - {place} for place, knows in DOCUMENTED.items() if place != "commands"}
    while free := [place for place, knows in left.items() if not knows & left.keys()]:
        for place in free:
            del left[place]
    assert not left
