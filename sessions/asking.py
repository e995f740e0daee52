"""The common part of the two session commands: how they report progress, failures and results."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import click
from rich.table import Table

from sessions.installing import Uninstallable
from sessions.judging import Judgement, is_good
from sessions.kept import Unreadable
from sessions.release import Release
from sessions.replaying import Failed
from sessions.session import NotDriven
from sessions.table import CONSOLE, show_orders

J = TypeVar("J", bound=Judgement)


def release_of(version: str) -> Release:
    """The release with this version. Raises `click.UsageError`."""
    try:
        return Release.of(version)
    except ValueError as error:
        raise click.UsageError(f"{error}") from None


def saying() -> Callable[[str], None]:
    """A function that reports progress, with the seconds since it was made."""
    began = time.monotonic()
    return lambda what: CONSOLE.print(f"{time.monotonic() - began:6.1f}  {what}", markup=False)


@contextmanager
def driving(release: str, file: Path) -> Iterator[None]:
    """Drive a session in the block, its events going to a file. Whatever hinders it ends the command with a
    sentence.
    """
    try:
        yield
    except Uninstallable as error:
        raise click.ClickException(f"Prefect {release} cannot be installed: {error}") from None
    except NotDriven as error:
        raise click.ClickException(f"{error} The logs are in {file.with_suffix('.logs')}.") from None


def judged(file: Path, judge: Callable[[Path], J]) -> J:
    """The judgement of a kept session. One that cannot be read ends the command with a sentence."""
    try:
        return judge(file)
    except (Unreadable, Failed) as error:
        raise click.ClickException(f"{error}") from None


def show(files: Iterable[Path], judge: Callable[[Path], J], table: Callable[[J, str], Table]) -> None:
    """Show the judgements of kept sessions, and end the command, with 0 if all is right. ``table`` makes the table of a
    judgement, given the end of its title.
    """
    good = True
    for file in files:
        found = judged(file, judge)
        CONSOLE.print(table(found, f"{found.events} events in {found.done.seconds:.0f} s, {file}"))
        show_orders(found.orders)
        good = good and is_good(found)
    sys.exit(0 if good else 1)
