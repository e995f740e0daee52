"""``make chaos``: faults on a schedule from a seed, and a verdict; ``python -m chaos --help`` says how."""

import asyncio
import logging
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import click
from rich.console import Console

from chaos.faults import FAULTS
from chaos.run import Run
from chaos.schedule import Throw, schedule
from chaos.stage import Stage
from chaos.table import table
from chaos.workers import Workers
from local import BrokerFailed, NoKafka, local_kafka
from local.broker import Broker
from local.cluster import local_cluster


def lasting(seconds: float, throws: Iterator[Throw], last: Sequence[str]) -> Iterator[Throw]:
    """As many throws as begin in so many seconds from now, and then the ``last`` ones."""
    until, number = time.monotonic() + seconds, 0
    for throw in throws:
        if time.monotonic() > until:
            break
        number = throw.number
        yield throw
    for more, fault in enumerate(last, start=1):
        yield Throw(number + more, fault, 3.0, number)


def chosen(names: str, brokers: int) -> tuple[list[str], list[str]]:
    """The faults to throw again and again, and those for the end. Raises `click.UsageError`."""
    wanted = [name.strip() for name in names.split(",")] if names else list(FAULTS)
    for name in wanted:
        if name not in FAULTS:
            raise click.UsageError(f"{name!r} is no fault: choose among {', '.join(FAULTS)}.")
    possible = [FAULTS[name] for name in wanted if FAULTS[name].brokers <= brokers]
    return [fault.name for fault in possible if not fault.last], [fault.name for fault in possible if fault.last]


@click.command()
@click.option("--seed", type=int, help="Of the schedule and of the truth; without, one is made up.")
@click.option("--minutes", default=5.0, show_default=True, help="How long faults are thrown.")
@click.option("--workers", default=3, show_default=True, type=click.IntRange(1, 4))
@click.option("--brokers", default="1", show_default=True, type=click.Choice(["1", "3"]))
@click.option("--partitions", default=4, show_default=True, type=click.IntRange(1), help="Of every topic.")
@click.option("--rate", default=300.0, show_default=True, help="Events a second.")
@click.option("--faults", default="", help="Names, commas between: only these.")
@click.option("--store", default="memory://", show_default=True, type=click.Choice(["memory://", "rocksdb://"]))
@click.option("--one-hop", is_flag=True, help="Input keyed by subject.")
@click.option("--dynamic", is_flag=True, help="Workers without an instance id: a restart moves partitions.")
@click.option("--logs", type=click.Path(file_okay=False, path_type=Path), help="Keep the workers' logs here.")
@click.option("--length", default=1.0, show_default=True, help="Of brokers' faults: 0.2 for a fifth of their time.")
def main(
    *,
    seed: int | None,
    minutes: float,
    workers: int,
    brokers: str,
    partitions: int,
    rate: float,
    faults: str,
    store: str,
    one_hop: bool,
    dynamic: bool,
    logs: Path | None,
    length: float,
) -> None:
    """Throw faults at the stage on a real Kafka; fails where a record was lost, wrong or there twice."""
    console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 100)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # the bench's own clients meet every fault, too
    began = time.monotonic()
    seed = random.randrange(1 << 16) if seed is None else seed  # noqa: S311 - no secret
    again, last = chosen(faults, int(brokers))

    def say(what: str) -> None:
        console.print(f"{time.monotonic() - began:6.1f}  {what}", markup=False)

    say(f"seed {seed}: the same schedule again with --seed {seed} and the same faults")
    try:
        with ExitStack() as stack:
            servers, nodes, description = _kafka(stack, int(brokers))
            stage = Stage(servers, brokers=int(brokers), store=store, one_hop=one_hop, partitions=partitions)
            run = Run(stage, nodes, rate, seed, say)
            say(f"{description}; {workers} workers; {partitions} partitions; {rate:.0f} events/s")
            say(f"{1 if one_hop else 2} hop(s); {store}")
            crew = partial(Workers, stage, workers, static=not dynamic)
            throws = lasting(60 * minutes, schedule(seed, again), last)
            kept = asyncio.run(throw(run, stage, crew, throws, length, logs))
    except (NoKafka, BrokerFailed) as error:
        raise click.ClickException(str(error)) from None
    console.print(table(run.rows, f"\n{run}; seed {seed}, {time.monotonic() - began:.0f} s"))
    if kept is not None:
        console.print(f"The workers' logs are in {kept}.")
    sys.exit(0 if run.is_good else 1)


async def throw(
    run: Run, stage: Stage, crew: Callable[[], Workers], throws: Iterator[Throw], length: float, logs: Path | None
) -> Path | None:
    """Create the topics, and let the faults loose; return where the workers' logs are kept, which they are in ``logs``,
    and where the stage failed.
    """
    await stage.create_topics()
    workers = crew()
    try:
        await run.throw_all(throws, workers, length)
        if logs is None and not run.is_good:
            logs = Path(tempfile.mkdtemp(prefix="chaos-logs-"))
    finally:
        workers.close(logs)
    return logs


def _kafka(stack: ExitStack, brokers: int) -> tuple[str, Sequence[Broker], str]:
    if brokers == 1:
        kafka = stack.enter_context(local_kafka(own=True))
        return kafka.bootstrap_servers, [kafka], kafka.description
    cluster = stack.enter_context(local_cluster(count=brokers))
    return cluster.bootstrap_servers, cluster.brokers, cluster.description


if __name__ == "__main__":
    main()
