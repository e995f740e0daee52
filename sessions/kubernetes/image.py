"""The image of the pods: Prefect and the flows, built with Docker or buildah."""

from pathlib import Path
from typing import Final

from sessions.driver import FLOWS
from tools.image import build, secrets

_CONTAINERFILE: Final = Path(__file__).with_name("Containerfile")


def name(prefect: str) -> str:
    """The default name of the image with a release of Prefect."""
    return f"localhost/session-flows:{prefect}"


def make(tag: str, prefect: str, base: str | None) -> None:
    """Build the image. Raises `local.engines.NotBuilt`."""
    with secrets() as options:
        build([f"--file={_CONTAINERFILE}", f"--tag={tag}", f"--build-arg=PREFECT={prefect}", *options], base, FLOWS)
