"""The tables of ``docs/examples`` as a test reads them."""

import subprocess
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import psycopg
from psycopg.rows import dict_row

from tests.contracts.examples import running
from tests.contracts.publishing import Published, Record


def rows(database: str) -> dict[str, Record]:
    """Both tables as the records that they were made of."""
    with psycopg.connect(database, row_factory=dict_row) as db:
        found = [*db.execute("TABLE worker_uptime"), *db.execute("TABLE flow_run_duration")]
    return {
        str(row["record_id"]): {key: _json(value) for key, value in row.items() if not key.startswith("kafka_")}
        for row in found
    }


def _json(value: Any) -> Any:
    match value:
        case UUID():
            return str(value)
        case Decimal():
            return float(value)
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return value


def stored(records: dict[str, Record]) -> dict[str, Record]:
    """As PostgreSQL can hold them."""
    return orjson.loads(orjson.dumps(records).replace(b"a\\u0000b", "a\ufffdb".encode()))


def offsets(database: str) -> dict[tuple[str, int], int]:
    with psycopg.connect(database) as db:
        return {(topic, partition): offset for topic, partition, offset in db.execute("TABLE kafka_offsets")}


def is_through(published: Published, database: str) -> bool:
    read = offsets(database)
    return all(read.get(at, 0) > messages[-1].offset for at, messages in published.partitions.items())


def sink(published: Published, database: str) -> AbstractContextManager["subprocess.Popen[str]"]:
    """The sample sink, running."""
    return running("sink.py", database, published.stage.bootstrap_servers, *published.topics)
