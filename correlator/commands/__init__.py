"""The command line: its arguments, its exit codes, and errors as sentences.

Each command imports what it needs when it runs, so that ``correlator topics list`` does not wait for Faust.
"""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from errno import ENOSPC
from importlib.util import find_spec
from typing import Final

import click

from correlator import __version__
from correlator.settings import Settings, SettingsError, load

INTERRUPTED: Final = 130
"""The exit code of a program that Ctrl-C ended, as in shells."""


class Failed(click.ClickException):
    """The command failed."""

    exit_code = 1


class BadSettings(click.ClickException):
    """A setting is invalid, which is wrong usage."""

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
    settings = _settings()
    from correlator.commands.worker import start
    from correlator.engine import TakenAway
    from correlator.topics import TopicsError

    with _failing(TopicsError, TakenAway):
        start(settings)


@correlator.command(short_help="Bring a Prefect server's events to Kafka.")
@click.option(
    "--since", metavar="WHEN", help="Where the very first start begins: a date or a time, such as 2026-11-01."
)
def bridge(*, since: str | None) -> None:
    """Bring a Prefect server's events to Kafka until SIGTERM or Ctrl-C: each once, with nothing missing.

    The server is the one of PREFECT_API_URL, or else of Prefect's active profile. The first start begins at that
    moment, or where --since says; any other one goes on where the last one left off.
    """
    settings = _settings({} if since is None else {"bridge_since": since})
    if find_spec("websockets") is None:
        raise BadSettings("The bridge needs the extra `bridge`: pip install 'prefect-lifecycle-correlator[bridge]'.")
    from correlator.bridge.bridge import Superseded
    from correlator.bridge.failures import Failure
    from correlator.bridge.position import UnreadablePosition
    from correlator.commands.bridge import start
    from correlator.engine import NotPermitted, TakenAway
    from correlator.topics import TopicsError

    with _failing(Failure, TopicsError, Superseded, NotPermitted, UnreadablePosition, TakenAway):
        start(settings)


@correlator.command(short_help="Decide without Kafka: a server's events, or files of them, in, records out.")
@click.argument("files", nargs=-1, metavar="[FILE...]")
@click.option("--prefect", is_flag=True, help="Read what a Prefect server still has, in place of files.")
@click.option("--since", metavar="WHEN", help="With --prefect, from when on: a date or a time. [7 days ago]")
@click.option("--open", "open_", is_flag=True, help="Also print the lifecycles that are still open at the end.")
@click.option("--flush", is_flag=True, help="End what is still open as if time had run out.")
@click.option("--html", metavar="FILE", help="Also write an HTML page: the workers, their runs, and the last records.")
def replay(
    files: Sequence[str], *, prefect: bool, since: str | None, open_: bool, flush: bool, html: str | None
) -> None:
    """Make the stage's decisions without Kafka: files of events in (JSON Lines, .gz too, - for stdin), records out.

    With --prefect, the events are those that a Prefect server still has: that of PREFECT_API_URL, or else of Prefect's
    active profile. Progress and a summary go to stderr.
    """
    if prefect is bool(files):
        raise click.UsageError("Give either files of events or --prefect")
    if since is not None and not prefect:
        raise click.UsageError("--since goes with --prefect")
    settings = _settings({} if since is None else {"bridge_since": since})
    _need_stdout()
    from correlator.commands.replay import Unreadable, Unwritable, run_files, run_server

    with _failing(Unreadable, Unwritable):
        if prefect:
            begin = None if since is None else settings.bridge_since
            run_server(settings, begin, open_=open_, flush=flush, html=html)
        else:
            run_files(files, settings, open_=open_, flush=flush, html=html)


@correlator.group(no_args_is_help=False)
def topics() -> None:
    """List, create or check the topics of the stage, and what it must be allowed to do with them."""


_bridge = click.option("--bridge", is_flag=True, help="Also what the bridge needs.")


@topics.command("list", short_help="Show the topics that are declared.")
@_bridge
def topics_list(*, bridge: bool) -> None:
    """Show the topics that are declared; the broker is not asked."""
    settings = _settings()
    _need_stdout()
    from correlator.commands.topics import show

    show(settings, bridge=bridge)


@topics.command("create", short_help="Create the topics that are missing.")
@_bridge
def topics_create(*, bridge: bool) -> None:
    """Create the topics that are missing, the input too; what exists is left as it is."""
    settings = _settings()
    from correlator.commands.topics import create
    from correlator.topics import TopicsError

    with _failing(TopicsError):
        create(settings, bridge=bridge)


@topics.command("check", short_help="Say what differs on the broker.")
@_bridge
def topics_check(*, bridge: bool) -> None:
    """Say what differs on the broker from what is declared; the exit code is 1 where anything does."""
    settings = _settings()
    from correlator.commands.topics import check
    from correlator.topics import TopicsError

    with _failing(TopicsError):
        sys.exit(0 if check(settings, bridge=bridge) else 1)


@topics.command("acls", short_help="Print what the stage must be allowed to do.")
@click.option("--principal", default="User:correlator", show_default=True, help="The principal to allow.")
@click.option("--bridge", is_flag=True, help="What the bridge needs, in place of what a worker does.")
def topics_acls(*, principal: str, bridge: bool) -> None:
    """Print the commands that allow a worker what it needs, no more; the broker is not asked."""
    settings = _settings()
    _need_stdout()
    from correlator.commands.topics import acls

    acls(settings, principal, bridge=bridge)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 failed, 2 wrong usage or a bad setting. Errors go to stderr."""
    try:
        code = correlator.main(arguments, prog_name="correlator", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "correlator"
        _exit(error.exit_code, f"{error.format_message().rstrip('.')}: see `{where} --help`.")
    except click.ClickException as error:
        _exit(error.exit_code, error.format_message())
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # the program that read our output has ended
        _say_no_more()
        sys.exit(1)
    except OSError as error:
        if error.errno != ENOSPC:
            raise
        _say_no_more()
        _exit(1, "No space left on the device that the output goes to.")


def _say_no_more() -> None:
    """Drop what stdout still buffers: Python would try to write it again on exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _need_stdout() -> None:
    """Fail if stdout is closed, as by a shell's ``>&-``; for commands that only print."""
    if sys.stdout is None:
        raise Failed("Standard output is closed, so there is nowhere to print to.")


def _settings(options: Mapping[str, str] | None = None) -> Settings:
    """The settings from the environment; ``options`` that were typed override it."""
    try:
        return load(options or {})
    except SettingsError as error:
        raise BadSettings(str(error)) from None


@contextmanager
def _failing(*errors: type[Exception]) -> Iterator[None]:
    """End the command with the text of these errors, which is for people."""
    try:
        yield
    except SettingsError as fault:  # a file that a setting names
        raise BadSettings(str(fault)) from None
    except errors as fault:
        raise Failed(str(fault)) from None


def _exit(code: int, text: str) -> None:
    click.echo(text, err=True)
    sys.exit(code)
