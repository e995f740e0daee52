"""``make prefect-session``: a session on a real Prefect server, judged; ``python -m sessions --help`` says how."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from sessions.installing import Uninstallable, python
from sessions.judging import Judged, judge
from sessions.kept import KEPT, Unreadable
from sessions.release import DEFAULT, Release
from sessions.replaying import Failed
from sessions.session import NotDriven, drive
from sessions.table import CONSOLE, HEAD, markdown, show_orders, table


@click.group()
def main() -> None:
    """Drive sessions on real Prefect servers, and judge the records of their events by what was done."""


@main.command("drive")
@click.argument("version", default=DEFAULT)
@click.option("--keep", type=click.Path(dir_okay=False, path_type=Path), help="The file. [build/sessions/…]")
@click.option("--long", is_flag=True, help="Also what takes more than 5 minutes.")
def drive_(version: str, keep: Path | None, *, long: bool) -> None:
    """Install a release of Prefect, drive a session of it, keep its events, and judge them."""
    try:
        release = Release.of(version)
    except ValueError as error:
        raise click.UsageError(f"{error}") from None
    file, began = keep or KEPT / f"prefect-{release}.jsonl", time.monotonic()

    def say(what: str) -> None:
        CONSOLE.print(f"{time.monotonic() - began:6.1f}  {what}", markup=False)

    try:
        drive(release, python(release), file, say, long=long)
    except Uninstallable as error:
        raise click.ClickException(f"Prefect {release} cannot be installed: {error}") from None
    except NotDriven as error:
        raise click.ClickException(f"{error} The logs are in {file.with_suffix('.logs')}.") from None
    _show([file])


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(files: Sequence[Path]) -> None:
    """Judge sessions that were kept."""
    _show(files)


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def rows(files: Sequence[Path]) -> None:
    """Write kept sessions as the table of docs/prefect.md."""
    click.echo(HEAD)
    for judged in sorted(map(_judged, files), key=lambda judged: Release.of(judged.done.release)):
        click.echo(markdown(judged.done, judged.events, judged.facts, judged.rows, judged.orders))


def _show(files: Sequence[Path]) -> None:
    good = True
    for file in files:
        judged = _judged(file)
        done = judged.done
        what = f"{judged.events} events in {done.seconds:.0f} s, {file}"
        CONSOLE.print(table(judged.rows, f"\nPrefect {done.release}, Python {done.python}: {what}"))
        show_orders(judged.orders)
        good = good and judged.is_good
    sys.exit(0 if good else 1)


def _judged(file: Path) -> Judged:
    try:
        return judge(file)
    except (Unreadable, Failed) as error:
        raise click.ClickException(f"{error}") from None


if __name__ == "__main__":
    main()
