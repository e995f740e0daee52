"""What a user types: the arguments, the exit codes, and errors as sentences.

What a command needs is imported when it is typed, so that ``correlator topics list`` does not wait for Faust.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import click

from correlator import __version__

INTERRUPTED: Final = 130
"""The exit code of a program that Ctrl-C ended, as shells have it."""


class Failed(click.ClickException):
    """It could not be done."""

    exit_code = 1


class BadSettings(click.ClickException):
    """A setting is no good, which is wrong usage."""

    exit_code = 2


@click.group(no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
def correlator() -> None:
    """Join Prefect's raw events into lifecycle records, on Kafka: worker uptimes and flow-run durations.

    Settings come from the environment (CORRELATOR_*); the README lists them.
    """


@correlator.command(short_help="Run the stage: read Prefect's events, publish records.")
def worker() -> None:
    """Run the stage until SIGTERM or Ctrl-C: read Prefect's events, publish lifecycle records."""
    with _failing():
        from correlator.commands.worker import start
        from correlator.settings import load

        start(load())


@correlator.command(short_help="Decide without Kafka: files of events in, records out.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--open", "open_", is_flag=True, help="Print the lifecycles that are still open at the end, too.")
@click.option("--flush", is_flag=True, help="End what is still open as if time had run out.")
def replay(files: Sequence[str], *, open_: bool, flush: bool) -> None:
    """Make the stage's decisions without Kafka: files of events in (JSON Lines, .gz too, - for stdin), records out.

    Progress and a summary go to stderr.
    """
    with _failing():
        from correlator.commands.replay import run
        from correlator.settings import load

        run(files, load(), open_=open_, flush=flush)


@correlator.group(no_args_is_help=False)
def topics() -> None:
    """List, create or check the topics of the stage."""


@topics.command("list", short_help="Show the topics that are declared.")
def topics_list() -> None:
    """Show the topics that are declared; the broker is not asked."""
    with _failing():
        from correlator.commands.topics import show
        from correlator.settings import load

        show(load())


@topics.command("create", short_help="Create the topics that are missing.")
def topics_create() -> None:
    """Create the topics that are missing, the input too; what exists is left as it is."""
    with _failing():
        from correlator.commands.topics import create
        from correlator.settings import load

        create(load())


@topics.command("check", short_help="Say what differs on the broker.")
def topics_check() -> None:
    """Say what differs on the broker from what is declared; the exit code is 1 where anything does."""
    with _failing():
        from correlator.commands.topics import check
        from correlator.settings import load

        sys.exit(0 if check(load()) else 1)
