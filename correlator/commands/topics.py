"""``correlator topics``: lists, creates and checks the topics that must be on the broker."""

import asyncio
import logging
import shlex
import sys
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from correlator import topics
from correlator.settings import Settings, durations

WIDTH: Final = 200
"""The width in columns of a table that goes to a file or another program: enough for any names."""


def show(settings: Settings, *, bridge: bool) -> None:
    """Print the declared topics."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("topic", "purpose", "keyed by", "partitions", "replicas", "cleanup", "retention"):
        number = heading in {"partitions", "replicas", "retention"}
        table.add_column(heading, justify="right" if number else "left", overflow="fold")
    position = topics.declared_for_bridge(settings)[1:] if bridge else []
    for spec in (*topics.declared(settings), *position):
        table.add_row(
            spec.name,
            spec.purpose,
            spec.key,
            str(spec.partitions),
            str(spec.replication_factor),
            spec.cleanup_policy or "yours",
            durations.show(spec.retention) if spec.retention else "–" if spec.cleanup_policy else "yours",
        )
    Console(width=None if sys.stdout.isatty() else WIDTH).print(table)


def create(settings: Settings, *, bridge: bool) -> None:
    """Create the topics that are missing, and print their names. Raises `TopicsError`."""
    _be_quiet()
    created = asyncio.run(topics.create(settings, bridge=bridge))
    for name in created:
        click.echo(f"created {name}")
    if not created:
        click.echo("nothing to create: every topic is there")


def check(settings: Settings, *, bridge: bool) -> bool:
    """Print what differs on the broker, and return whether nothing does. Raises `TopicsError`."""
    _be_quiet()
    differences = asyncio.run(topics.check(settings, bridge=bridge))
    for difference in differences:
        who = "bridge" if difference.topic == settings.topic_bridge else "stage"
        refuses = f" The {who} will not start until this is fixed." if difference.refuses else ""
        click.echo(difference.sentence + refuses)
    if not differences:
        click.echo("every topic is as declared")
    return not differences


def acls(settings: Settings, principal: str, *, bridge: bool) -> None:
    """Print the commands that allow a principal what a worker (or the bridge) needs, and no more."""
    servers = ",".join(settings.bootstrap_servers)
    for permission in (topics.needed_by_bridge if bridge else topics.needed)(settings):
        operations = " ".join(f"--operation {operation.name}" for operation in permission.operations)
        pattern = " --resource-pattern-type prefixed" if permission.prefixed else ""
        click.echo(
            f"kafka-acls.sh --bootstrap-server {servers} --add --allow-principal {shlex.quote(principal)}"
            f" {operations} --{permission.resource} {permission.name}{pattern}"
        )


def _be_quiet() -> None:
    """Silence aiokafka, which logs every attempt to connect: the command says in one sentence what came of them."""
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())
    logging.getLogger("aiokafka").propagate = False
