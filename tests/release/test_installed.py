"""What a user gets who installs the wheel and has nothing else: the README's commands that need no broker."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from correlator import __version__
from demo.session import SAMPLE
from tests.commands.running import correlator

IMPORT_ALL = """
import importlib, pkgutil, correlator
for module in pkgutil.walk_packages(correlator.__path__, "correlator."):
    importlib.import_module(module.name)
"""


class Environment:
    """A folder to work in, and the programs of an environment; nothing of the checkout is near."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs, self.folder = programs, folder

    def run(self, program: str, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [self.programs / program, *arguments],
            cwd=self.folder,
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=60,
        )


@pytest.fixture(scope="module")
def plain(installed: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Without extras."""
    return Environment(installed(""), tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def full(installed: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """With all extras, as in the image."""
    return Environment(installed("[bridge,rocksdb]"), tmp_path_factory.mktemp("full"))


@pytest.mark.parametrize(
    "arguments, begins",
    [
        (("--version",), f"correlator {__version__}\n"),
        (("--help",), "Usage: correlator [OPTIONS] COMMAND [ARGS]...\n"),
        (("topics", "list"), "prefect.events"),
        (("topics", "acls", "--bridge"), "kafka-acls"),
    ],
)
def test_what_needs_neither_a_file_nor_a_broker(plain: Environment, arguments: tuple[str, ...], begins: str):
    done = plain.run("correlator", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert begins in done.stdout


def test_replay_decides_as_in_the_checkout_and_has_its_page(plain: Environment):
    done = plain.run("correlator", "replay", SAMPLE, "--html", "report.html")
    assert done.returncode == 0, done.stderr
    assert done.stdout == correlator("replay", str(SAMPLE)).stdout != ""
    page = (plain.folder / "report.html").read_text()
    assert "</html>" in page
    assert "<style>" in page


def test_without_its_extra_the_bridge_says_what_to_install(plain: Environment):
    done = plain.run("correlator", "bridge")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "The bridge needs the extra `bridge`: pip install 'prefect-lifecycle-correlator[bridge]'.\n"


def test_with_the_extras_every_module_finds_what_it_imports(full: Environment):
    done = full.run("python", "-c", IMPORT_ALL)
    assert (done.returncode, done.stderr) == (0, "")


def test_rocksdb_is_there_with_its_extra(full: Environment):
    done = full.run("python", "-c", "from rocksdict import Rdict; Rdict('state')[b'key'] = b'value'")
    assert (done.returncode, done.stderr) == (0, "")
