"""``make bench-live``: latency and CPU at a steady load, over the number of partitions, compared with Kafka Streams."""

import asyncio
import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import click

from bench import machine
from bench.contenders import NAMES, STAGE_AND_STREAMS, chosen
from bench.live import document, terminal
from bench.live.results import Results
from bench.live.run import Load, Measurement, run
from bench.rounds import Ready, ready, rotated
from local import local_kafka
from local.cluster import local_cluster


async def run_all(broker: str, prepared: Ready, loads: Sequence[Load], rounds: int) -> list[Measurement]:
    """Run every contender at every load in every round, with a line for each run. Ctrl-C ends it, and drops the round
    that is unfinished.
    """
    found: list[Measurement] = []
    for round_ in range(rounds):
        try:
            for load in loads:
                for one in rotated(list(prepared), round_, rounds):
                    found.append(await run(broker, one, prepared[one], load))
                    print(f"round {round_ + 1} of {rounds}: {terminal.told(found[-1])}", file=sys.stderr, flush=True)
        except asyncio.CancelledError:
            if not round_:
                raise
            return found[: round_ * len(loads) * len(prepared)]
    return found


@click.command()
@click.option("--partitions", multiple=True, type=int, default=(4, 32, 128), show_default=True, help="Repeatable.")
@click.option("--rate", "rates", multiple=True, type=int, default=(1000,), show_default=True, help="Events a second.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True)
@click.option("--brokers", type=click.IntRange(1), default=1, show_default=True, help="1, or 3 and more.")
@click.option("--seconds", type=float, default=15.0, show_default=True, help="Seconds that are measured.")
@click.option("--warming", type=float, default=12.0, show_default=True, help="Seconds of load before that.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="How often each contender runs.")
@click.option(
    "--only", multiple=True, type=click.Choice(NAMES), default=STAGE_AND_STREAMS, help="A contender; repeatable."
)
@click.option("--before", metavar="CHECKOUT", help="The stage of another checkout takes part, too.")
@click.option("--write", is_flag=True, help="Write docs/live.md and its picture.")
def main(
    partitions: tuple[int, ...],
    rates: tuple[int, ...],
    workers: int,
    brokers: int,
    seconds: float,
    warming: float,
    rounds: int,
    only: tuple[str, ...],
    before: str | None,
    write: bool,
) -> None:
    """Measure the stage and its peers at a steady load, on a local Kafka."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # its complaints about topics that are a moment old
    prepared, _ = ready(chosen(only, before))
    if not prepared:
        raise click.ClickException("no contender is left to measure.")
    loads = [Load(count, rate, workers, warming, seconds) for rate in rates for count in partitions]
    with local_kafka() if brokers == 1 else local_cluster(count=brokers) as kafka:
        seen = asyncio.run(run_all(kafka.bootstrap_servers, prepared, loads, rounds))
        versions = machine.versions(list(prepared), kafka.description)
    results = Results(datetime.now(UTC), list(prepared), loads, seen, machine.shape(), versions, brokers)
    terminal.show(results)
    if write:
        document.write(results)
    if any(one.failure for one in seen):
        sys.exit(1)


if __name__ == "__main__":
    main()
