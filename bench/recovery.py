"""``python -m bench.recovery``: how long a worker takes to recover, and its memory, compared with Kafka Streams."""

import asyncio
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from bench.changelogs import Ends, starts, states
from bench.contenders import CONTENDERS, Launch
from bench.peers.join import Job
from bench.recovering import Recovered, Recovering, measure
from bench.rounds import ready
from bench.topics import create, write
from local import local_kafka
from support.deployment import CORRELATOR, Deployment

MEMORY: Final = "memory://"
_STREAMS: Final = next(one for one in CONTENDERS if one.name == "kstreams-eos")

Found = list[tuple[str, Recovered]]
"""Recoveries, each with its name in the table."""


async def of_worker(broker: str, what: str, counts: tuple[int, int], store: str, limit: float) -> Found:
    """Measure a worker with ``counts`` of open and remembered runs; if it keeps its state on disk, also with that
    present.
    """
    deployment = Deployment(broker, "recovery", INPUT_KEYED_BY="subject", STORE=store)
    for topic in (deployment.events, deployment.flow_run_duration):
        await create(broker, topic)
    await create(broker, deployment.changelog, cleanup_policy="compact")
    ends = Ends()
    entries = await write(broker, deployment.changelog, states(*counts, ends))
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        launch = Launch([str(CORRELATOR), "worker"], deployment.environment(DATA_DIR=directory))
        one = Recovering(broker, launch, deployment.events, deployment.flow_run_duration, entries, "holds")
        log = Path(directory, "log")
        found = [(what, await measure(one, ends.take(), log, limit))]
        if store != MEMORY and entries:
            found.append(("again", await measure(one, ends.take(), log, limit)))
    return found


async def of_streams(broker: str, launch: Callable[[Job], Launch], count: int, limit: float) -> Found:
    """Measure the Kafka Streams peer (exactly once) with ``count`` open runs and an empty disk."""
    app_id = f"recovery-{uuid.uuid4().hex[:8]}"
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        job = Job(app_id, broker, f"{app_id}-events", f"{app_id}-records", directory)
        for topic in (job.input, job.output):
            await create(broker, topic)
        changelog, ends = f"{app_id}-open-changelog", Ends()  # named by Kafka Streams, after the store in App.java
        await create(broker, changelog, cleanup_policy="compact")
        entries = await write(broker, changelog, starts(count, ends))
        one = Recovering(broker, launch(job), job.input, job.output, entries, None)
        return [("Kafka Streams", await measure(one, ends.take(), Path(directory, "log"), limit))]


async def run(broker: str, counts: tuple[int, int], store: str, limit: float) -> Found:
    """Measure a worker without state, one with all of it, and Kafka Streams, if it is set up, with as many entries."""
    prepared, _ = ready([_STREAMS])
    found = await of_worker(broker, "empty", (0, 0), store, limit)
    found += await of_worker(broker, "full", counts, store, limit)
    for launch in prepared.values():
        found += await of_streams(broker, launch, sum(counts), limit)
    return found


def shown(found: Found, title: str) -> Table:
    """A table with a line for each recovery."""
    columns = (
        "state",
        "entries",
        "ready after",
        "first record after",
        "each partition’s after",
        "memory",
        "at its peak",
    )
    table = Table(*columns, title=title)
    for what, it in found:
        seconds = ("–" if each is None else f"{each:.1f} s" for each in (it.ready, it.first_record, it.each_partition))
        table.add_row(what, f"{it.entries:,}", *seconds, *(f"{size / 1e6:,.0f} MB" for size in it.memory))
    return table


@click.command()
@click.option("--open", "open_", default=1_000_000, show_default=True, help="Flow runs that are open.")
@click.option("--remembered", default=1_000_000, show_default=True, help="Flow runs that ended and are remembered.")
@click.option("--store", default=MEMORY, show_default=True, type=click.Choice([MEMORY, "rocksdb://"]))
@click.option("--limit", default=600.0, show_default=True, help="Seconds that a recovery may take.")
def main(open_: int, remembered: int, store: str, limit: float) -> None:
    """Measure how a worker recovers on a local Kafka, and how Kafka Streams does with as many entries."""
    with local_kafka() as kafka:
        found = asyncio.run(run(kafka.bootstrap_servers, (open_, remembered), store, limit))
        title = f"{open_:,} open and {remembered:,} remembered, {store}, {kafka.description}"
    Console().print(shown(found, title))
    (_, empty), (_, full), *_ = found
    if full.entries:
        print(f"{(full.memory.resident - empty.memory.resident) / full.entries / 1000:.2f} kB an entry")


if __name__ == "__main__":
    main()
