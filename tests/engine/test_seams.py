"""The private parts of Faust and aiokafka that we depend on are all listed, and looked for at the start."""

import ast
from pathlib import Path

import pytest

import correlator
from correlator.engine.seams import SEAMS, TakenAway, check

PACKAGE = Path(correlator.__file__).parent
OUR_OWN = {"_replace", "_exit"}
"""Of a NamedTuple, and of `os`."""
LISTED = {name for names in SEAMS.values() for name in names}


def private(tree: ast.AST) -> set[str]:
    """The private names that code asks others for, by attribute, by `super()`, or by `getattr` with a text."""
    found = set[str]()
    for node in ast.walk(tree):
        own = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}
        if isinstance(node, ast.Attribute) and not own:
            found.add(node.attr)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
            found.add(getattr(node.args[1], "value", ""))
    return {name for name in found if name.startswith("_") and not name.startswith("__")}


def defined(tree: ast.AST) -> set[str]:
    """What a module's own code has under such names."""
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    return names | {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }


MODULES = sorted(path for place in ("engine", "topics", "bridge") for path in (PACKAGE / place).glob("*.py"))


def test_nothing_is_missing_in_what_is_installed():
    check()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_all_that_is_not_public_is_listed(path):
    tree = ast.parse(path.read_text())
    assert private(tree) - OUR_OWN - defined(tree) <= LISTED


def test_nothing_is_listed_that_nobody_leans_on():
    said = " ".join(path.read_text() for path in MODULES if path.name != "seams.py")
    assert {name for name in LISTED if name not in said} == set()


@pytest.mark.parametrize("class_", SEAMS, ids=lambda class_: class_.__name__)
def test_what_a_release_took_away_is_named(class_):
    with pytest.raises(TakenAway) as error:
        check({class_: (*SEAMS[class_], "_gone")})
    library = "faust-streaming" if class_.__module__.startswith("faust") else "aiokafka"
    assert str(error.value).startswith(f"{library} 0.")
    assert f"has no {class_.__name__}._gone, which the engine depends on: install a release" in str(error.value)
    assert len(str(error.value).splitlines()) == 1
