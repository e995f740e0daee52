"""``make bench``: the naive way and the stage, in one run on the same events; ``python -m bench --pairs 10000`` for a
quick look."""

import asyncio
import os
import sys
import tempfile
import uuid

import click
from rich.console import Console
from rich.table import Table

from bench.rates import Rate, create, load, measure
from local import local_kafka
from local.deployment import CORRELATOR, PARTITIONS, Deployment


async def naive(broker: str, input_: str, count: int, limit: float) -> Rate:
    app_id = f"naive-{uuid.uuid4().hex[:8]}"
    output = f"{app_id}-records"
    await create(broker, output)
    command = [sys.executable, "-m", "bench.naive", app_id, broker, input_, output, str(PARTITIONS)]
    return await measure(broker, command, os.environ, output, count, count // 2, limit)


async def sliced(broker: str, input_: str, count: int, limit: float) -> Rate:
    app_id = f"sliced-{uuid.uuid4().hex[:8]}"
    output = f"{app_id}-records"
    await create(broker, output)
    await create(broker, f"{app_id}-starts-changelog", cleanup_policy="compact")
    command = [sys.executable, "-m", "bench.sliced", app_id, broker, input_, output, str(PARTITIONS)]
    return await measure(broker, command, os.environ, output, count, count // 2, limit)


async def stage(broker: str, input_: str, count: int, limit: float, keyed_by: str) -> Rate:
    deployment = Deployment(broker, "stage", TOPIC_EVENTS=input_, INPUT_KEYED_BY=keyed_by, LOG_LEVEL="warning")
    output = deployment.flow_run_duration
    await create(broker, output)
    with tempfile.TemporaryDirectory() as directory:
        env = deployment.environment(DATA_DIR=directory)
        return await measure(broker, [str(CORRELATOR), "worker"], env, output, count, count // 2, limit)


async def run(broker: str, pairs: int, limit: float) -> dict[str, Rate]:
    input_ = f"bench-{uuid.uuid4().hex[:8]}"
    await create(broker, input_)
    count = await load(broker, input_, pairs)
    return {
        "Faust as documented": await naive(broker, input_, count, limit),
        "the same on our engine": await sliced(broker, input_, count, limit),
        "the stage, one hop": await stage(broker, input_, count, limit, "subject"),
        "the stage, two hops": await stage(broker, input_, count, limit, "any"),
    }


@click.command()
@click.option("--pairs", default=100_000, show_default=True, help="Flow runs, two events each.")
@click.option("--limit", default=900.0, show_default=True, help="Seconds that a run may take.")
def main(pairs: int, limit: float) -> None:
    """Measure events a second on a local Kafka: Faust as documented, and the stage."""
    with local_kafka() as kafka:
        rates = asyncio.run(run(kafka.bootstrap_servers, pairs, limit))
    base = rates["Faust as documented"]
    table = Table(
        "way",
        "events/s",
        "times",
        "events per CPU-second",
        "times",
        title=f"{2 * pairs:,} lifecycle events, {kafka.description}",
    )
    for way, rate in rates.items():
        table.add_row(
            way,
            f"{rate.per_second:,.0f}",
            f"{rate.per_second / base.per_second:.1f}",
            f"{rate.per_cpu_second:,.0f}",
            f"{rate.per_cpu_second / base.per_cpu_second:.1f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
