"""``make kubernetes-session``: a session on a real Kubernetes, judged; ``python -m sessions.kubernetes --help``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
from rich.table import Table

from sessions.asking import driving, release_of, saying, show
from sessions.installing import python
from sessions.kept import KEPT
from sessions.kubernetes.acts import ACTS, UNASKED
from sessions.kubernetes.image import make, name
from sessions.kubernetes.judging import Judged, judge
from sessions.kubernetes.session import Session
from sessions.kubernetes.table import table
from sessions.release import DEFAULT
from tools.engines import NotBuilt

WORKER: Final = "0.8.0"
"""The release of prefect-kubernetes."""


@click.group()
def main() -> None:
    """Drive sessions on a real Kubernetes, and judge their records by what its API says about the pods."""


@main.command()
@click.argument("acts", nargs=-1, type=click.Choice(list(ACTS)))
@click.option("--prefect", default=DEFAULT, show_default=True, help="The release.")
@click.option("--worker", default=WORKER, show_default=True, help="The release of prefect-kubernetes.")
@click.option("--kubectl", default="kubectl", show_default=True)
@click.option("--address", help="The address on which pods reach this machine. [the one from which it reaches a node]")
@click.option("--image", help="The pods' image, with that release. [localhost/session-flows:RELEASE]")
@click.option("--keep", type=click.Path(dir_okay=False, path_type=Path), help="The file. [build/sessions/…]")
def drive(
    acts: Sequence[str],
    prefect: str,
    worker: str,
    kubectl: str,
    address: str | None,
    image: str | None,
    keep: Path | None,
) -> None:
    """Play ACTS (by default all but `drained`), keep the session, and judge it."""
    release, say = release_of(prefect), saying()
    file = keep or KEPT / f"kubernetes-{worker}.jsonl"
    with driving(prefect, file):
        interpreter = python(release, f"prefect-kubernetes=={worker}")
        session = Session(interpreter, prefect, worker, kubectl, say)
        session.drive(file, acts or UNASKED, image or name(prefect), address)
    _show([file])


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(files: Sequence[Path]) -> None:
    """Judge kept sessions."""
    _show(files)


@main.command("image")
@click.option("--prefect", default=DEFAULT, show_default=True, help="The release.")
@click.option("--image", help="Its name. [localhost/session-flows:RELEASE]")
@click.option("--base", help="The base image.")
def image_(prefect: str, image: str | None, base: str | None) -> None:
    """Build the image of the pods."""
    try:
        make(image or name(prefect), prefect, base)
    except NotBuilt as error:
        raise click.ClickException(f"{error}") from None
    click.echo(f"built {image or name(prefect)}")


def _show(files: Sequence[Path]) -> None:
    show(files, judge, _table)


def _table(judged: Judged, what: str) -> Table:
    done = judged.done
    versions = f"Prefect {done.prefect}, prefect-kubernetes {done.worker}, Kubernetes {done.kubernetes}"
    return table(judged.rows, f"\n{versions}: {what}")


if __name__ == "__main__":
    main()
