"""What builds images here: Docker with BuildKit, which alone gives a build its secrets, else buildah."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parent.parent
PULLING: Final = 120
"""Seconds that a question may take: the longest is whether a base can be pulled."""

BUILDAH: Final = {"BUILDAH_ISOLATION": "chroot", "STORAGE_DRIVER": "vfs"}
"""What it runs with where there is neither an engine nor an overlay file system."""

BUILDKIT: Final = {"DOCKER_BUILDKIT": "1"}


class NotBuilt(Exception):
    """The image could not be built. The text says why, and what to do."""


class Engine(NamedTuple):
    """What builds images."""

    command: tuple[str, ...]
    said: str
    """For people: which it is, and why where it is not the first choice."""
    env: Mapping[str, str] = {}

    @property
    def pulls_for_itself(self) -> bool:
        """Whether it gets the base as part of the build; else it can be asked before whether it does."""
        return self.command[0] == "docker"


def engine() -> Engine:
    """The best of those that are here. Raises `NotBuilt` where there is none."""
    if not answers("docker", "info"):
        if not shutil.which("buildah"):
            raise NotBuilt("There is neither a Docker engine that answers nor buildah: install one of them.")
        return _buildah("No Docker engine answers")
    if answers("docker", "buildx", "version"):
        return Engine(("docker", "buildx", "build", "--load"), "Building with Docker and its buildx.")
    if "--secret" in _said("docker", "build", "--help", env=BUILDKIT):  # up to 22, Docker brings BuildKit itself
        return Engine(("docker", "build"), "Building with Docker and DOCKER_BUILDKIT=1, as it has no buildx.", BUILDKIT)
    if not shutil.which("buildah"):
        raise NotBuilt("Docker has no BuildKit, and there is no buildah: install docker-buildx or buildah.")
    return _buildah("Docker has no BuildKit (docker-buildx is not installed)")


def _buildah(because: str) -> Engine:
    # Docker's format, as OCI's knows no HEALTHCHECK.
    return Engine(("buildah", "build", "--format=docker"), f"{because}: building with buildah.")


def answers(*command: str) -> bool:
    """Whether a command is there, and succeeds. Raises `subprocess.TimeoutExpired`."""
    if not shutil.which(command[0]):
        return False
    done = subprocess.run(command, env=environment(), capture_output=True, timeout=PULLING, check=False)
    return done.returncode == 0


def run(command: Sequence[str | Path], *, read: bool = False, env: Mapping[str, str] | None = None) -> str:
    """Run a command, and return what it printed if that is to be ``read``. Raises `NotBuilt` where it fails."""
    if not shutil.which(command[0]):
        raise NotBuilt(f"There is no {command[0]}: install it.")
    done = subprocess.run(
        command, cwd=ROOT, env=environment(env or {}), text=True, stdout=subprocess.PIPE if read else None, check=False
    )
    if done.returncode:
        raise NotBuilt(f"`{command[0]} {command[1]}` failed with {done.returncode}, and said why above.")
    return (done.stdout or "").strip()


def _said(*command: str, env: Mapping[str, str]) -> str:
    return subprocess.run(command, env=environment(env), capture_output=True, text=True, check=False).stdout


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's, with what buildah needs unless it says otherwise, and more."""
    return {**BUILDAH, **os.environ, **(more or {})}
