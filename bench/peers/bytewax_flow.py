"""The join on Bytewax: a stateful step of a dataflow, with recovery on, as its documentation shows.

At least once. Its state and its offsets are in SQLite files, written once in 10 s (its default), and not in Kafka.
"""

import contextlib
import signal
from pathlib import Path
from typing import Any

import bytewax.operators as op
import orjson
from bytewax.connectors.kafka import KafkaSink, KafkaSinkMessage, KafkaSource, KafkaSourceMessage
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main

from bench.peers.bare_confluent import FETCHING
from bench.peers.join import SUBMITTED, Job, Start, parsed, record, told


def keyed(message: KafkaSourceMessage[bytes, bytes]) -> tuple[str, dict[str, Any]] | None:
    """The event by its run."""
    event = parsed(message.value)
    return None if event is None else (message.key.decode(), event)


def pair(open_: Start | None, event: dict[str, Any]) -> tuple[Start | None, list[tuple[Start, dict[str, Any]]]]:
    """The start that is open now, and the pairs that have ended."""
    if event["event"] == SUBMITTED:
        return Start(event["id"], event["occurred"]), []
    if open_ is None or open_.id != event["follows"]:
        return open_, []
    return None, [(open_, event)]


def written(paired: tuple[str, tuple[Start, dict[str, Any]]]) -> KafkaSinkMessage[bytes, bytes]:
    """The record as Kafka carries it."""
    run, (start, end) = paired
    return KafkaSinkMessage(key=run.encode(), value=orjson.dumps(record(run, start, end)))


def main(job: Job) -> None:
    """Run until SIGINT, which the parent process may have set to be ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    flow = Dataflow("pairs")
    # its consumer accepts numbers only as text
    source = KafkaSource([job.broker], [job.input], add_config={name: f"{value}" for name, value in FETCHING.items()})
    events = op.filter_map("parse", op.input("input", flow, source), keyed)
    records = op.map("write", op.stateful_flat_map("pair", events, pair), written)
    sink = KafkaSink([job.broker], job.output, add_config={"partitioner": "murmur2_random"})
    op.output("output", records, sink)
    init_db_dir(Path(job.state), 1)
    with contextlib.suppress(KeyboardInterrupt):
        cli_main(flow, recovery_config=RecoveryConfig(job.state))


if __name__ == "__main__":
    main(told())
