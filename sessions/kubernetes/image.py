"""The image of the pods: a Prefect and the flows, made with Docker or buildah."""

from pathlib import Path
from typing import Final

from local.image import build, secrets
from sessions.driver import FLOWS

_CONTAINERFILE: Final = Path(__file__).with_name("Containerfile")


def name(prefect: str) -> str:
    """Of the image with that release."""
    return f"localhost/session-flows:{prefect}"


def make(tag: str, prefect: str, base: str | None) -> None:
    """Build it. Raises `local.engines.NotBuilt`."""
    with secrets() as options:
        build([f"--file={_CONTAINERFILE}", f"--tag={tag}", f"--build-arg=PREFECT={prefect}", *options], base, FLOWS)
