"""``python -m bench.parts``: where the stage spends its time, without Kafka: what an event costs it, and what one would
cost if decoding or rendering took no time at all. No other language could save more there.
"""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import click
from aiokafka import ConsumerRecord
from rich.console import Console
from rich.table import Table

from correlator import core, prefect, records
from correlator.configured import reading_of
from correlator.core import Lifecycle
from correlator.engine import CommittedTable, Message, Slice
from correlator.metrics import Metrics
from correlator.moments import Moment
from correlator.settings import Settings
from correlator.stage.arriving import OneHop
from correlator.stage.correlate import Correlate
from correlator.stage.dead_letters import DeadLetters
from support import events, kubernetes_events
from tests.stage.brokerless import Entries

SLICE = 1_000
READING = prefect.Reading(1000, frozenset({"kubernetes", "ecs"}))
NOW = Moment(1_794_000_000_000_000)
READING = reading_of(Settings.model_construct())


def microseconds(slices: list[Slice], render: Callable[[Lifecycle, str], records.Record]) -> float:
    """The cost of an event in one hop, averaged over all slices."""
    table: Any = Entries()
    committed: CommittedTable = table

    def publish(partition: int, lifecycle: Lifecycle) -> Message:
        kind, key, value, headers = render(lifecycle, "bench")
        return Message(kind, partition, key, value, headers)

    stage = Correlate(
        OneHop(READING, wall_clock=lambda: NOW),
        committed,
        publish,
        DeadLetters("letters", 4, 1 << 20),
        core.Rules(),
        Metrics(wall_clock=lambda: NOW),
    )
    assert not list(stage.assigned(0, 0))
    began = time.process_time()
    for one in slices:
        for transaction in stage(one):
            table.commit(transaction.changes)
            if transaction.committed:
                transaction.committed()
    return (time.process_time() - began) / (SLICE * len(slices)) * 1e6


@contextmanager
def decoded_before(slices: list[Slice]) -> Iterator[None]:
    """For the length of the block, decoding only looks up what was decoded before."""
    known = {record.value: prefect.decode(record.value, READING) for one in slices for record in one.records}
    with patch.object(prefect, "decode", lambda value, _: known[value]):
        yield


def rendered_before() -> Callable[[Lifecycle, str], records.Record]:
    """A renderer that only looks up what was rendered before."""
    known: dict[str, records.Record] = {}

    def render(lifecycle: Lifecycle, source: str) -> records.Record:
        record = known.get(lifecycle.cause)
        if record is None:
            record = known[lifecycle.cause] = records.render(lifecycle, source)
        return record

    return render


@click.command()
@click.option("--pairs", default=20_000, show_default=True, help="Flow runs, two events each.")
@click.option("--turns", default=7, show_default=True, help="How often it is measured; the best turn counts.")
@click.option("--kubernetes", is_flag=True, help="Runs of a Kubernetes worker, seven events each.")
def main(pairs: int, turns: int, kubernetes: bool) -> None:
    """Measure the stage without Kafka, and without some of its parts."""
    made = kubernetes_events.runs(pairs) if kubernetes else events.pairs(pairs)
    said = [
        ConsumerRecord("events", 0, number, NOW // 1000, 0, key, value, None, len(key), len(value), ())
        for number, (key, value) in enumerate(made)
    ]
    slices = [Slice("events", 0, at, at + SLICE, said[at : at + SLICE]) for at in range(0, len(said), SLICE)]
    gc.freeze()
    gc.disable()
    known = rendered_before()
    microseconds(slices, known)

    def best(render: Callable[[Lifecycle, str], records.Record]) -> str:
        return f"{min(microseconds(slices, render) for _ in range(turns)):.1f}"

    table = Table("the stage, one hop, without Kafka", "µs an event")
    table.add_row("as it is", best(records.render))
    table.add_row("if rendering took no time", best(known))
    with decoded_before(slices):
        table.add_row("if decoding took no time", best(records.render))
        table.add_row("if neither did", best(known))
    Console().print(table)


if __name__ == "__main__":
    main()
