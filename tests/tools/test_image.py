"""What builds the image: the way that works here. Docker and buildah are stand-ins that answer as the real ones do."""

import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tools.engines import NotBuilt
from tools.image import BASE, build

# As Docker 20.10 (Debian's docker.io), which brings BuildKit, and 28, which leaves it to buildx, answer.
DOCKER = """
import os, pathlib, sys
with pathlib.Path(__file__).with_name("built").open("a") as built:
    match sys.argv[1:]:
        case ["info"]:
            sys.exit(not ANSWERS)
        case ["buildx", "version"]:
            sys.exit(not BUILDX)
        case ["build", "--help"]:
            if not BRINGS_BUILDKIT and os.environ.get("DOCKER_BUILDKIT") == "1":
                sys.exit("ERROR: BuildKit is enabled but the buildx component is missing or broken.")
            print("Usage: docker build", "--secret stringArray" if os.environ.get("DOCKER_BUILDKIT") == "1" else "")
        case ["buildx", "build", "--load", *options]:
            print("buildx", *options, file=built)
        case ["build", *options]:
            if os.environ.get("DOCKER_BUILDKIT") != "1":
                sys.exit("the --mount option requires BuildKit" if BRINGS_BUILDKIT else "unknown flag: --secret")
            print("BuildKit", *options, file=built)
"""

BUILDAH = """
import pathlib, sys
if sys.argv[1] == "build":
    with pathlib.Path(__file__).with_name("built").open("a") as built:
        print("buildah", *sys.argv[2:], file=built)
"""


class Here(NamedTuple):
    """What is on the PATH."""

    docker: bool = True
    answers: bool = True
    buildx: bool = False
    brings_buildkit: bool = False
    buildah: bool = True

    def put(self, path: Path) -> None:
        """Put it there."""
        variables = f"ANSWERS, BUILDX, BRINGS_BUILDKIT = {self.answers}, {self.buildx}, {self.brings_buildkit}\n"
        for name, source, is_there in (("docker", variables + DOCKER, self.docker), ("buildah", BUILDAH, self.buildah)):
            if is_there:
                (path / name).write_text(f"#!{sys.executable} -IS\n{source}")
                (path / name).chmod(0o755)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("DOCKER_BUILDKIT", raising=False)
    return tmp_path


NO_BUILDKIT = "Docker has no BuildKit (docker-buildx is not installed): building with buildah."
NO_DOCKER = "No Docker engine answers: building with buildah."


@pytest.mark.parametrize(
    "here, by, said",
    [
        pytest.param(Here(buildx=True), "buildx", "Building with Docker and its buildx.", id="buildx"),
        pytest.param(
            Here(brings_buildkit=True),
            "BuildKit",
            "Building with Docker and DOCKER_BUILDKIT=1, as it has no buildx.",
            id="docker.io 20.10",
        ),
        pytest.param(Here(), "buildah", NO_BUILDKIT, id="28 without buildx"),
        pytest.param(Here(answers=False, buildx=True), "buildah", NO_DOCKER, id="no engine"),
        pytest.param(Here(docker=False), "buildah", NO_DOCKER, id="no Docker"),
    ],
)
def test_the_way_that_works(here: Here, by: str, said: str, path: Path, capsys: pytest.CaptureFixture[str]):
    here.put(path)
    build(["--secret=id=pip.conf,src=pip.conf"], None, path)
    format_ = "--format=docker " if by == "buildah" else ""
    options = f"{format_}--secret=id=pip.conf,src=pip.conf --build-arg=BASE={BASE} {path}"
    assert (path / "built").read_text() == f"{by} {options}\n"
    assert capsys.readouterr().err == f"{said}\n"


@pytest.mark.parametrize(
    "here, sentence",
    [
        (Here(buildah=False), "Docker has no BuildKit, and there is no buildah: install docker-buildx or buildah."),
        (
            Here(answers=False, buildah=False),
            "There is neither a Docker engine that answers nor buildah: install one of them.",
        ),
    ],
)
def test_no_way(here: Here, sentence: str, path: Path):
    here.put(path)
    with pytest.raises(NotBuilt) as caught:
        build([], None, path)
    assert str(caught.value) == sentence
