"""The two images of a tour: of this checkout, and of a commit before."""

import hashlib
import io
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from chaos.kubernetes.changes import BEFORE, NOW
from chaos.kubernetes.overlay import IMAGE
from local.kubernetes import images
from tools.engines import ROOT, NotBuilt
from tools.image import build, secrets

KEPT: Final = ROOT / "build" / "kubernetes"
"""Images are kept here until what they are made of changes."""
MADE_OF: Final = ("Dockerfile", "correlator", "requirements", "pyproject.toml", "LICENSE", "README.md")


def archives(before: str | None) -> list[Path]:
    """The files of both images, built where they are not there yet.

    ``before``: a commit whose workers may be in one group with today's; without one, the same code stands in for it,
    under another tag. Raises `local.engines.NotBuilt`.
    """
    KEPT.mkdir(parents=True, exist_ok=True)
    with _at(before) as context:
        return [_archive(NOW, ROOT), _archive(BEFORE, context)]


def _archive(release: str, context: Path) -> Path:
    archive, note, state = KEPT / f"{release}.tar", KEPT / f"{release}.of", _state(context)
    if not (archive.exists() and note.exists() and note.read_text() == state):
        note.unlink(missing_ok=True)
        image = f"localhost/correlator-of-a-tour:{release}"
        with secrets() as options:
            build(
                ["--quiet", f"--tag={image}", f"--build-arg=VERSION={release}", *options],
                os.environ.get("BASE"),
                context,
            )
        images.save(image, f"{IMAGE}:{release}", archive)
        note.write_text(state)
    return archive


@contextmanager
def _at(commit: str | None) -> Iterator[Path]:
    if commit is None:
        yield ROOT
        return
    with tempfile.TemporaryDirectory() as directory:
        found = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=False)
        if found.returncode:
            raise NotBuilt(f"There is no commit {commit} to build the release before from: fetch it, or name another.")
        with tarfile.open(fileobj=io.BytesIO(found.stdout)) as archive:
            archive.extractall(directory, filter="data")
        yield Path(directory)


def _state(context: Path) -> str:
    """Of what an image is made of."""
    state = hashlib.sha256()
    tops = [context / name for name in MADE_OF]
    for path in sorted(path for top in tops for path in (top, *top.rglob("*")) if path.is_file()):
        if path.suffix != ".pyc":
            state.update(f"{path.relative_to(context)}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return state.hexdigest()
