"""The environment of a release, created once and kept in the user's cache directory."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Final

from local.cached import cached
from sessions.release import Release

_UV: Final = Path(sys.executable).with_name("uv")


class Uninstallable(Exception):
    """A release cannot be installed; the message is uv's."""


def python(release: Release, *beside: str) -> Path:
    """The Python of an environment that holds the release and the packages in ``beside``; created if it does not exist.

    Dependencies are installed as of two days after the release was built: with later ones, most older releases do not
    start.

    Raises:
        Uninstallable: the release does not exist, or does not support this Python.
    """
    runs = f"{sys.version_info.major}.{sys.version_info.minor}"

    def make(into: Path) -> None:
        print(f"installing Prefect {release} for Python {runs}, this once …", file=sys.stderr)  # noqa: T201
        _run("venv", "--quiet", "--python", sys.executable, into)
        until = [] if release.built is None else ["--exclude-newer", f"{release.built + timedelta(days=2)}"]
        options = ("--quiet", "--python", into / "bin" / "python", "--only-binary", ":all:")
        _run("pip", "install", *options, *until, f"prefect=={release}", *beside)

    name = "-".join([f"prefect-{release}", *(package.replace("==", "-") for package in beside), runs])
    return cached(name, make) / "bin" / "python"


def _run(*arguments: str | Path) -> None:
    command = (_UV, *arguments)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Uninstallable(" ".join(done.stderr.split()) or f"uv {arguments[0]} failed without a word")
