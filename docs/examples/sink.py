"""Keeps two PostgreSQL tables equal to the records: a row a record_id, in its last version.

    pip install aiokafka "psycopg[binary]"
    psql "$DSN" -f tables.sql
    python sink.py "$DSN" localhost:9092 prefect.worker-uptime prefect.flow-run-duration

Rows, and how far they were read, change in one transaction of the database: ended at any moment and started again, it
goes on where the database is. Two may run at a time: neither undoes what the other has done.
"""

import asyncio
import re
import sys
from collections.abc import Mapping, Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from psycopg import AsyncConnection
from psycopg.sql import SQL, Composed, Identifier

Message = ConsumerRecord[bytes, bytes]

TABLES = {
    b"prefect.correlator.worker-uptime.v1": "worker_uptime",
    b"prefect.correlator.flow-run-duration.v1": "flow_run_duration",
}
"""By CloudEvents type. One that is not here stops the sink: it is of a newer contract than this."""

UPSERT = SQL("""
    INSERT INTO {table} ({columns})
    SELECT {columns} FROM jsonb_populate_record(NULL::{table}, %s::jsonb
        || jsonb_build_object('kafka_partition', %s::integer, 'kafka_offset', %s::bigint))
    ON CONFLICT (record_id) DO UPDATE SET ({columns}) = ROW({excluded})
    WHERE {table}.kafka_partition <> EXCLUDED.kafka_partition OR {table}.kafka_offset < EXCLUDED.kafka_offset
""")
"""Versions of a record lie in one partition, so their offsets say which is newer: none overwrites a newer one."""

BEGIN = "INSERT INTO kafka_offsets VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
POSITION = "SELECT next_offset FROM kafka_offsets WHERE topic = %s AND kafka_partition = %s"
ADVANCE = """
    UPDATE kafka_offsets SET next_offset = greatest(next_offset, %s) WHERE topic = %s AND kafka_partition = %s
"""
"""The first thing in a transaction: it keeps another sink from the partition until the transaction ends."""


async def sink(dsn: str, brokers: str, *topics: str) -> None:
    """Run until something fails; then start it again."""
    consumer = AIOKafkaConsumer(
        *topics,
        bootstrap_servers=brokers,
        isolation_level="read_committed",
        auto_offset_reset="none",  # what Kafka has deleted before we read it is an error, not a gap
    )
    async with await AsyncConnection.connect(dsn, autocommit=True) as db, consumer:
        upserts = {type_: await upsert_into(db, table) for type_, table in TABLES.items()}
        for partition, first in (await consumer.beginning_offsets(consumer.assignment())).items():
            await db.execute(BEGIN, (*partition, first))
            position = await (await db.execute(POSITION, partition)).fetchone()
            consumer.seek(partition, position[0] if position else first)
        while True:
            for partition, messages in (await consumer.getmany(timeout_ms=1000, max_records=500)).items():
                await apply(db, upserts, partition, messages)


async def upsert_into(db: AsyncConnection, table: str) -> Composed:
    """The statement for the columns that the table has."""
    described = (await db.execute(SQL("SELECT * FROM {} LIMIT 0").format(Identifier(table)))).description or ()
    columns = [Identifier(column.name) for column in described]
    excluded = [SQL("EXCLUDED.{}").format(column) for column in columns]
    comma = SQL(", ")
    return UPSERT.format(table=Identifier(table), columns=comma.join(columns), excluded=comma.join(excluded))


async def apply(
    db: AsyncConnection, upserts: Mapping[bytes, Composed], partition: TopicPartition, messages: Sequence[Message]
) -> None:
    """Put a partition's messages, in order, into the tables."""
    rows: dict[bytes, list[tuple[str, int, int]]] = {type_: [] for type_ in upserts}
    for message in messages:
        type_ = dict(message.headers)["ce_type"]
        rows[type_].append((storable(message.value), message.partition, message.offset))
    async with db.transaction(), db.cursor() as cursor:
        await cursor.execute(ADVANCE, (messages[-1].offset + 1, *partition))
        for type_, values in rows.items():
            await cursor.executemany(upserts[type_], values)


def storable(value: bytes | None) -> str:
    r"""The JSON without \u0000, which a name may hold and PostgreSQL does not take."""
    assert value is not None, "the stage writes no tombstones"
    return re.sub(r"(?<!\\)((?:\\\\)*)\\u0000", r"\1\\ufffd", value.decode())


if __name__ == "__main__":
    asyncio.run(sink(*sys.argv[1:]))
