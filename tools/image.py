"""``python -m tools.image``: build the container image ``correlator:VERSION``.

With Docker, where an engine answers and has BuildKit. Else with buildah, which needs none (it wants root: its isolation
is chroot); and where that cannot pull the base image, a Debian made with debootstrap stands in for it.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from correlator import __version__
from tools.engines import ROOT, NotBuilt, answers, engine, run

TAG: Final = f"correlator:{__version__}"
BASE: Final = "docker.io/library/python:3.13-slim-trixie"
"""The Dockerfile's default."""

RELEASE: Final = "trixie"
"""The Debian that the stand-in is made of: the base's own."""

STAND_IN: Final = f"localhost/debian-python:{RELEASE}"

SLIMMED: Final = ("var/cache/apt", "var/lib/apt/lists", "var/log", "usr/share/doc", "usr/share/man", "usr/share/locale")
"""What Debian's slim images do without, too."""

INDEX: Final = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout")
"""What of this machine's pip configuration the build's pip is given."""


def main() -> int:
    """Build the image; returns the exit code. ``BASE`` in the environment names another base image."""
    base = os.environ.get("BASE")
    try:
        with secrets() as options:
            build([*_arguments(), *options], base)
    except NotBuilt as error:
        print(error, file=sys.stderr)
        return 1
    print(f"built {TAG}")
    return 0


def build(arguments: Sequence[str], base: str | None, context: Path = ROOT) -> None:
    """Build an image with what there is. Raises `NotBuilt`."""
    chosen = engine()
    print(chosen.said, file=sys.stderr)
    base = base or (BASE if chosen.pulls_for_itself or _pulled(BASE) else stand_in())
    run([*chosen.command, *arguments, f"--build-arg=BASE={base}", context], env=chosen.env)


@contextmanager
def secrets() -> Iterator[list[str]]:
    """Options that give the build this machine's pip configuration and CA, which the image will not hold."""
    with tempfile.TemporaryDirectory() as directory:
        conf, ca = Path(directory, "pip.conf"), _ca()
        lines = ["[global]", *(f"{key} = {value}" for key, value in _pip_configuration().items() if key in INDEX)]
        options = [f"--secret=id=pip.conf,src={conf}"]
        if ca:
            lines.append("cert = /run/secrets/ca.pem")
            options.append(f"--secret=id=ca.pem,src={ca}")
        conf.write_text("\n".join(lines) + "\n")
        yield options


def stand_in() -> str:
    """The name of a small Debian with Python, made where it is not there yet: about a minute."""
    if answers("buildah", "inspect", "--type=image", STAND_IN):
        return STAND_IN
    if not shutil.which("debootstrap"):
        raise NotBuilt(f"{BASE} cannot be pulled, and there is no debootstrap to make a Debian: install it.")
    print(f"{BASE} cannot be pulled: making a Debian with debootstrap in its place …", file=sys.stderr)
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory, "root")
        run(["debootstrap", "--variant=minbase", "--include=python3,python3-venv,ca-certificates", RELEASE, root])
        for place in SLIMMED:
            shutil.rmtree(root / place, ignore_errors=True)
        container = run(["buildah", "from", "scratch"], read=True)
        run(["buildah", "copy", "--quiet", container, root, "/"])
        run(["buildah", "commit", "--quiet", "--rm", container, STAND_IN])
    return STAND_IN


def _arguments() -> list[str]:
    revision = run(["git", "describe", "--always", "--dirty", "--abbrev=40"], read=True)
    arguments = {"VERSION": __version__, "REVISION": revision}
    return [f"--tag={TAG}", *(f"--build-arg={name}={value}" for name, value in arguments.items())]


def _pip_configuration() -> dict[str, str]:
    """Key and value of what pip is configured to, whatever file or variable says so; the most particular last."""
    listed = run([sys.executable, "-m", "pip", "config", "list"], read=True).splitlines()
    pairs = [line.split("=", 1) for line in listed if "=" in line]
    return {key.split(".", 1)[1]: value.strip("'\"") for key, value in pairs}


def _ca() -> str | None:
    """A file of certificates that this machine trusts beyond what is common, where it says so."""
    return _pip_configuration().get("cert") or os.environ.get("SSL_CERT_FILE")


def _pulled(image: str) -> bool:
    try:
        return answers("buildah", "pull", "--quiet", "--policy=missing", image)
    except subprocess.TimeoutExpired:
        return False


if __name__ == "__main__":
    sys.exit(main())
