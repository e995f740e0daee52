"""What `make release` has built, or else what `make dist` builds for these tests; environments with only the wheel."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")

REQUIRED = os.environ.get("REQUIRE_INDEX", "0") not in {"", "0"}


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the wheel and the sdist."""
    if made := os.environ.get("DIST"):
        return Path(made)
    directory = tmp_path_factory.mktemp("dist")
    environment = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL"}}
    # The environment that the tests run in is not set up anew under them.
    as_it_is = ("-o", ".venv/.locked", "-o", ".venv/.installed")
    subprocess.run(["make", *as_it_is, "dist", f"DIST={directory}"], cwd=ROOT, env=environment, check=True)
    return directory


@pytest.fixture(scope="session")
def wheel(built: Path) -> Path:
    (wheel,) = built.glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def sdist(built: Path) -> Path:
    (sdist,) = built.glob("*.tar.gz")
    return sdist


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Install the wheel with these extras: ``installed("[bridge]")`` is the ``bin`` of an environment that was empty.

    Where there is no package index, the test is skipped, or fails where REQUIRE_INDEX=1.
    """

    def install(extras: str) -> Path:
        environment = tmp_path_factory.mktemp("environment")
        programs = environment / "bin"
        locked = ("--constraint", ROOT / "requirements" / "runtime.txt")
        subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, environment], check=True)
        done = subprocess.run(
            [UV, "pip", "install", "--quiet", "--python", programs / "python", *locked, f"{wheel}{extras}"],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            report = pytest.fail if REQUIRED else pytest.skip
            report(f"The wheel cannot be installed: {' '.join(done.stderr.split())}")
        return programs

    return install
