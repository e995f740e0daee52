"""``make kubernetes``: a tour of ``deploy/`` on a real Kubernetes, judged; ``python -m chaos.kubernetes --help``."""

import asyncio
import logging
import random
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import click
from rich.console import Console

from chaos.__main__ import lasting
from chaos.kubernetes.acts import ACTS
from chaos.kubernetes.changes import NOW
from chaos.kubernetes.cluster import Cluster
from chaos.kubernetes.document import write as write_down
from chaos.kubernetes.overlay import Wanted
from chaos.kubernetes.releases import KEPT, archives
from chaos.kubernetes.table import terminal
from chaos.kubernetes.tour import Tour
from chaos.schedule import Throw, schedule
from chaos.stage import Stage
from local import BrokerFailed, NoKafka
from local.config import Node as KafkaNode
from local.jvm import JvmBroker
from local.kubernetes import NoKubernetes, local_kubernetes, needs
from local.kubernetes.places import ADDRESS
from local.ports import free_ports
from tools.engines import NotBuilt

PORT: Final = 9092
"""Of the broker, where the deployment's network policy lets workers reach it."""
PARTITIONS: Final = 8
"""As ``deploy/`` has it."""
LOGS: Final = KEPT / "logs"


def chosen(names: str) -> list[str]:
    """The acts that are asked for, by the first one's name of what goes together. Raises `click.UsageError`."""
    wanted = [name.strip() for name in names.split(",")] if names else list(ACTS)
    for name in wanted:
        if name not in ACTS:
            raise click.UsageError(f"{name!r} is no act: choose among {', '.join(ACTS)}.")
    return wanted


@click.command()
@click.option("--minutes", type=float, help="At random for so long, instead of each act once.")
@click.option("--seed", type=int, help="Of the truth and of what is left to chance; without, one is made up.")
@click.option("--rate", default=100.0, show_default=True, help="Events a second.")
@click.option("--acts", default="", help="Names, commas between: only these.")
@click.option("--before", help="A commit that stands for the release before. [the same code, under another tag]")
@click.option("--write", is_flag=True, help="Put the table into docs/faults.md.")
def main(*, minutes: float | None, seed: int | None, rate: float, acts: str, before: str | None, write: bool) -> None:
    """Take deploy/ on a tour of what happens to pods; fails where a record was lost, wrong or there twice."""
    console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 160)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # all is cleaned up, as by Ctrl-C
    began = time.monotonic()
    seed = random.randrange(1 << 16) if seed is None else seed  # noqa: S311 - no secret
    wanted = chosen(acts)

    def say(what: str) -> None:
        console.print(f"{time.monotonic() - began:6.1f}  {what}", markup=False)

    LOGS.mkdir(parents=True, exist_ok=True)
    try:
        needs.meet()  # before anything that takes long
        images = archives(before)
        say("both images are there")
        with local_kubernetes() as node, _kafka() as kafka:
            for image in images:
                node.take(image)
            say(f"{node.description}; {kafka.description}; {rate:.0f} events/s; seed {seed}")
            stage = Stage(kafka.bootstrap_servers, brokers=1, store="memory://", one_hop=False, partitions=PARTITIONS)
            tour = Tour(stage, Cluster(node, stage, Wanted(NOW)), rate, seed, say)
            asyncio.run(tour.play(_throws(seed, wanted, minutes), LOGS))
            description = node.description
    except (NoKafka, BrokerFailed, NoKubernetes, NotBuilt) as error:
        raise click.ClickException(f"{error}") from None
    except KeyboardInterrupt:
        raise click.ClickException("ended early; nothing of it is left.") from None
    took = f"{time.monotonic() - began:.0f} s"
    console.print(terminal(tour, f"\n{description}: {tour.trial}; seed {seed}, {took}"))
    if not tour.trial.is_good:
        raise click.ClickException(f"the guarantee did not hold; the workers' logs are in {LOGS}.")
    if write:
        write_down(tour, description, seed)


def _throws(seed: int, names: Sequence[str], minutes: float | None) -> Iterator[Throw]:
    if minutes is not None:
        return lasting(60 * minutes, schedule(seed, names), ())
    return (Throw(number, name, 0.0, seed + number) for number, name in enumerate(names, start=1))


@contextmanager
def _kafka() -> Iterator[JvmBroker]:
    kafka = JvmBroker({}, KafkaNode(1, PORT, *free_ports(1)), host=ADDRESS)
    try:
        kafka.start()
        yield kafka
    finally:
        kafka.stop()


if __name__ == "__main__":
    main()
