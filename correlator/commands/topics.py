"""``correlator topics``: what must be on the broker, and whether it is."""

import asyncio
import logging
import sys
from collections.abc import Coroutine
from typing import Final, TypeVar

import click
from rich.console import Console
from rich.table import Table

from correlator import durations, topics
from correlator.commands import failing

WIDE: Final = 200
"""Columns of a table that goes to a file or another program: enough for any names."""

_T = TypeVar("_T")


@click.group("topics", no_args_is_help=False)
def command() -> None:
    """List, create or check the topics of the stage, as the settings name them."""
    # aiokafka logs every attempt to connect; what came of them is told once, in a sentence.
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())
    logging.getLogger("aiokafka").propagate = False


@command.command("list", short_help="Show the topics that are declared.")
def list_() -> None:
    """Show the topics that are declared; the broker is not asked."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("topic", "role", "keyed by", "partitions", "replicas", "cleanup", "retention"):
        number = heading in {"partitions", "replicas", "retention"}
        table.add_column(heading, justify="right" if number else "left", overflow="fold")
    for spec in topics.declared(failing.settings()):
        table.add_row(
            spec.name,
            spec.role,
            spec.key,
            str(spec.partitions),
            str(spec.replication_factor),
            spec.cleanup_policy or "yours",
            durations.show(spec.retention) if spec.retention else "–" if spec.cleanup_policy else "yours",
        )
    Console(width=None if sys.stdout.isatty() else WIDE).print(table)


@command.command("create", short_help="Create the topics that are missing.")
def create_() -> None:
    """Create the topics that are missing, the input too; what exists is left as it is."""
    created = _run(topics.create(failing.settings()))
    for name in created:
        click.echo(f"created {name}")
    if not created:
        click.echo("nothing to create: every topic is there")


@command.command("check", short_help="Say what differs on the broker.")
def check_() -> None:
    """Say what differs on the broker from what is declared; the exit code is 1 where anything does."""
    differences = _run(topics.check(failing.settings()))
    for difference in differences:
        click.echo(difference.sentence + (" The stage does not start until then." if difference.refuses else ""))
    if differences:
        sys.exit(1)
    click.echo("every topic is as declared")


def _run(work: Coroutine[None, None, _T]) -> _T:
    try:
        return asyncio.run(work)
    except topics.TopicsError as error:
        raise failing.Failed(str(error)) from None
