"""``python -m bench.live.catching_up``: events by the CPU second of a backlog, over the number of partitions."""

import asyncio
import logging
import sys
import tempfile
import uuid
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from bench.contenders import NAMES, STAGE_AND_STREAMS, Contender, chosen
from bench.figures import spread
from bench.live.reading import read
from bench.live.terminal import figure
from bench.peers.join import Job
from bench.process import cpu_seconds_of
from bench.rounds import Ready, ready, rotated
from bench.run import create_topics_of, last_words, started
from bench.topics import create, delete, write
from local import local_kafka
from support import events

RUN_TIMEOUT = 300.0
"""Seconds that a run may take."""


async def catch_up(broker: str, one: Contender, prepared: Ready, topic: str, partitions: int, pairs: int) -> float:
    """Let a contender work through a topic. Returns its CPU seconds, including its start."""
    app_id = f"{one.name}-{uuid.uuid4().hex[:8]}"
    job, keys = Job(app_id, broker, topic, f"{app_id}-records", ""), set[bytes]()
    await create_topics_of(one, job, partitions)
    reading = asyncio.create_task(read(broker, job.output, partitions, lambda key, _: keys.add(key)))
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as state:
            own = prepared[one](job._replace(state=state)).on(partitions)
            with started(own, state, one.stop) as process:
                async with asyncio.timeout(RUN_TIMEOUT):
                    while len(keys) < pairs:
                        if process.poll() is not None:
                            raise click.ClickException(f"{one.name} ended: {last_words(Path(state, 'log'))}")
                        await asyncio.sleep(0.05)
                return cpu_seconds_of(process.pid)
    finally:
        reading.cancel()
        await delete(broker, app_id)


async def run_all(broker: str, prepared: Ready, partitions: tuple[int, ...], pairs: int, rounds: int) -> Table:
    """Run every contender in turn, at each number of partitions."""
    found: dict[tuple[str, int], list[float]] = {}
    for count in partitions:
        topic = f"catching-up-{uuid.uuid4().hex[:8]}"
        await create(broker, topic, count)
        await write(broker, topic, events.pairs(pairs), count)
        for round_ in range(rounds):
            for one in rotated(list(prepared), round_, rounds):
                spent = await catch_up(broker, one, prepared, topic, count, pairs)
                found.setdefault((one.name, count), []).append(2 * pairs / spent / 1000)
                print(f"{one.name}, {count} partitions: {found[one.name, count][-1]:.1f}", file=sys.stderr, flush=True)
        await delete(broker, topic)
    table = Table("thousands of events by the CPU second", *(f"{count} partitions" for count in partitions))
    for one in prepared:
        table.add_row(one.title, *(figure(spread(found[one.name, count]), 1, 1) for count in partitions))
    return table


@click.command()
@click.option("--partitions", multiple=True, type=int, default=(4, 32, 128), show_default=True, help="Repeatable.")
@click.option("--pairs", default=50_000, show_default=True, help="Flow runs, two events each.")
@click.option("--rounds", default=3, show_default=True, help="How often each contender runs.")
@click.option(
    "--only", multiple=True, type=click.Choice(NAMES), default=STAGE_AND_STREAMS, help="A contender; repeatable."
)
@click.option("--before", metavar="CHECKOUT", help="The stage of another checkout takes part, too.")
def main(partitions: tuple[int, ...], pairs: int, rounds: int, only: tuple[str, ...], before: str | None) -> None:
    """Measure how fast a backlog is worked through."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # its complaints about topics that are a moment old
    prepared, _ = ready(chosen(only, before))
    with local_kafka() as kafka:
        table = asyncio.run(run_all(kafka.bootstrap_servers, prepared, partitions, pairs, rounds))
    Console(width=None if sys.stdout.isatty() else 120).print(table)


if __name__ == "__main__":
    main()
