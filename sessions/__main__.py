"""``make prefect-session``: a session on a real Prefect server, judged; ``python -m sessions --help`` says how."""

from collections.abc import Sequence
from pathlib import Path

import click

from sessions.asking import driving, judged, release_of, saying, show
from sessions.installing import python
from sessions.judging import judge
from sessions.kept import KEPT
from sessions.release import DEFAULT, Release
from sessions.session import drive
from sessions.table import HEAD, markdown, table


@click.group()
def main() -> None:
    """Drive sessions on real Prefect servers, and judge the records of their events by what was done."""


@main.command("drive")
@click.argument("version", default=DEFAULT)
@click.option("--keep", type=click.Path(dir_okay=False, path_type=Path), help="The file. [build/sessions/…]")
@click.option("--long", is_flag=True, help="Also do what takes more than 5 minutes.")
def drive_(version: str, keep: Path | None, *, long: bool) -> None:
    """Install a release of Prefect, drive a session on it, keep its events, and judge them."""
    release, say = release_of(version), saying()
    file = keep or KEPT / f"prefect-{release}.jsonl"
    with driving(f"{release}", file):
        drive(release, python(release), file, say, long=long)
    _show([file])


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(files: Sequence[Path]) -> None:
    """Judge kept sessions."""
    _show(files)


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def rows(files: Sequence[Path]) -> None:
    """Write kept sessions as the table of docs/prefect.md."""
    click.echo(HEAD)
    for one in sorted((judged(file, judge) for file in files), key=lambda one: Release.of(one.done.release)):
        click.echo(markdown(one.done, one.events, one.facts, one.rows, one.orders))


def _show(files: Sequence[Path]) -> None:
    show(files, judge, lambda it, what: table(it.rows, f"\nPrefect {it.done.release}, Python {it.done.python}: {what}"))


if __name__ == "__main__":
    main()
