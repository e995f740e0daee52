"""Images for the node: built as `tools.image` builds, by Docker or buildah, and written to files that it takes."""

import shutil
import tempfile
from pathlib import Path
from typing import Final

from local.kubernetes.configuration import PAUSE
from tools.engines import answers, run
from tools.image import build

_PAUSE: Final = 'FROM scratch\nCOPY pause /pause\nUSER 65535:65535\nENTRYPOINT ["/pause"]\n'


def pause(binaries: Path, archive: Path) -> None:
    """Write the image of what holds a pod's network. Raises `local.engines.NotBuilt`."""
    with tempfile.TemporaryDirectory() as directory:
        shutil.copy(binaries / "pause", directory)
        file = Path(directory, "Containerfile")
        file.write_text(_PAUSE)
        build([f"--file={file}", f"--tag={PAUSE}", "--quiet"], "scratch", Path(directory))
    save(PAUSE, PAUSE, archive)


def save(image: str, name: str, archive: Path) -> None:
    """Write an image that was built here to a file, under a name. Raises `local.engines.NotBuilt`."""
    archive.unlink(missing_ok=True)
    if answers("docker", "image", "inspect", image):
        run(["docker", "tag", image, name])
        run(["docker", "save", f"--output={archive}", name])
    else:
        run(["buildah", "push", "--quiet", image, f"docker-archive:{archive}:{name}"])
