"""``make bench``: the stage and its peers on the same job, in one run on one broker; ``--quick`` for a first look."""

import asyncio
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from bench import document, machine, terminal
from bench.contenders import CONTENDERS, NAMES, Contender
from bench.results import Results
from bench.rounds import LIFECYCLES, Ready, loaded, ready, run_all
from bench.run import measure
from bench.topics import delete
from local import local_kafka

PAIRS, ROUNDS = 100_000, 5
QUICK_PAIRS, QUICK_ROUNDS = 30_000, 1


async def run(
    broker: str, kafka: str, prepared: Ready, missing: list[Contender], pairs: int, rounds: int, limit: float
) -> Results:
    """Load the inputs and run every contender in turn. The very first run warms the broker up and does not count."""
    given = await loaded(broker, pairs)
    try:
        first, *_ = prepared
        await measure(broker, first, prepared[first], given[LIFECYCLES, first.slow], limit)
        runs = await run_all(broker, prepared, given, rounds, limit)
    finally:
        for input_ in given.values():  # the Kafka may outlive the bench
            await delete(broker, input_.topic)
    contenders = list(prepared)
    versions = machine.versions(contenders, kafka)
    return Results(datetime.now(UTC), contenders, missing, given, runs, machine.shape(), versions)


@click.command()
@click.option(
    "--pairs", type=click.IntRange(100), help=f"Flow runs, two events each; a tenth of it in the mix. [{PAIRS}]"
)
@click.option("--rounds", type=click.IntRange(1), help=f"How often each contender runs. [{ROUNDS}]")
@click.option("--only", multiple=True, type=click.Choice(NAMES), help="A contender; repeatable. [all]")
@click.option("--quick", is_flag=True, help=f"A first look: {QUICK_PAIRS} pairs, {QUICK_ROUNDS} round.")
@click.option("--write", is_flag=True, help="Write docs/bench.md and its chart.")
@click.option("--limit", default=180.0, show_default=True, help="Seconds that a run may take.")
def main(pairs: int | None, rounds: int | None, only: tuple[str, ...], quick: bool, write: bool, limit: float) -> None:
    """Measure the stage and its peers on a local Kafka."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # its complaints about topics that are a moment old
    if not Path("/proc/self/stat").exists():
        raise click.ClickException("the CPU and memory of processes are read from /proc, which only Linux has.")
    prepared, missing = ready([one for one in CONTENDERS if not only or one.name in only])
    if not prepared:
        raise click.ClickException("no contender is left to measure.")
    with local_kafka() as kafka:
        results = asyncio.run(
            run(
                kafka.bootstrap_servers,
                kafka.description,
                prepared,
                missing,
                pairs or (QUICK_PAIRS if quick else PAIRS),
                rounds or (QUICK_ROUNDS if quick else ROUNDS),
                limit,
            )
        )
    terminal.show(results)
    if write:
        document.write(results)
    if any(run.failure for run in results.runs):
        sys.exit(1)


if __name__ == "__main__":
    main()
