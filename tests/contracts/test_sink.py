"""The sink of ``docs/examples`` on a real PostgreSQL: whatever happens to it, its tables are the records."""

import importlib.util
from contextlib import ExitStack

import orjson
import psycopg
from aiokafka import TopicPartition

from tests.contracts.examples import EXAMPLES, eventually
from tests.contracts.publishing import Published, Record
from tests.contracts.tables import is_through, offsets, rows, sink, stored


def test_the_tables_are_the_records(published: Published, database: str) -> None:
    with sink(published, database) as process:
        eventually(lambda: is_through(published, database), process)
    assert rows(database) == stored(published.final())


def test_every_key_has_its_column(published: Published, database: str) -> None:
    """With the type that the schema says, as the comparison of the rows shows."""
    for table, topic in zip(("worker_uptime", "flow_run_duration"), published.topics, strict=True):
        with psycopg.connect(database) as db:
            columns = [column.name for column in db.execute(f"SELECT * FROM {table}").description or ()]
        record = next(orjson.loads(one.value or b"") for one in published.messages if one.topic == topic)
        assert columns == [*record, "kafka_partition", "kafka_offset"]


GATE = """
    CREATE FUNCTION wait_at_the_gate() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END';
    CREATE TRIGGER gate AFTER INSERT ON worker_uptime FOR EACH ROW EXECUTE FUNCTION wait_at_the_gate();
    CREATE TRIGGER gate AFTER INSERT ON flow_run_duration FOR EACH ROW EXECUTE FUNCTION wait_at_the_gate();
"""
"""In the middle of a transaction, after its first row: who holds the lock lets transactions through, one at a time."""

OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
WAITING = f"{OTHERS} AND wait_event_type = 'Lock'"


def count(db: psycopg.Connection, query: str) -> int:
    return int(db.execute(query).fetchone()[0])


def test_killed_within_a_transaction_again_and_again(published: Published, database: str) -> None:
    """At every kill the tables are what was read so far, and in the end they are the records."""
    with psycopg.connect(database, autocommit=True) as gate:
        gate.execute(GATE)
        gate.execute("SELECT pg_advisory_lock(1)")
        reads = []
        for let_through in (0, 2, 1):
            with sink(published, database) as process:
                for _ in range(let_through):
                    eventually(lambda: count(gate, WAITING) == 1, process)
                    gate.execute("SELECT pg_advisory_unlock(1)")
                    gate.execute("SELECT pg_advisory_lock(1)")  # the next in the queue
                eventually(lambda: count(gate, WAITING) == 1, process)
                process.kill()
                process.wait()
            gate.execute("SELECT pg_advisory_unlock(1)")  # the server learns of it as it answers
            eventually(lambda: count(gate, OTHERS) == 0)
            gate.execute("SELECT pg_advisory_lock(1)")
            reads.append(sum(offsets(database).values()))
            assert rows(database) == stored(published.final(offsets(database)))
        assert reads[0] == 0 < reads[1] < reads[2]
        gate.execute("SELECT pg_advisory_unlock(1)")
        with sink(published, database) as process:
            eventually(lambda: is_through(published, database), process)
    assert rows(database) == stored(published.final())


def test_two_at_a_time(published: Published, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as gate, ExitStack() as stack:
        gate.execute(GATE)
        gate.execute("SELECT pg_advisory_lock(1)")
        sinks = [stack.enter_context(sink(published, database)) for _ in range(2)]
        eventually(lambda: count(gate, WAITING) == 2, *sinks)  # one at the gate, the other there or for a partition
        gate.execute("SELECT pg_advisory_unlock(1)")
        eventually(lambda: is_through(published, database), *sinks)
    assert rows(database) == stored(published.final())


async def test_what_another_has_done_is_passed_over(published: Published, database: str) -> None:
    """By a sink that read its messages before the other wrote them."""
    specification = importlib.util.spec_from_file_location("sink", EXAMPLES / "sink.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    at, messages = max(published.partitions.items(), key=lambda item: len(item[1]))
    partition = TopicPartition(*at)

    def lies_before(end: int) -> dict[str, Record]:
        return stored(published._replace(partitions={at: messages[:end]}).final())

    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as db:
        upserts = {type_: await module.upsert_into(db, table) for type_, table in module.TABLES.items()}
        await db.execute(module.BEGIN, (*partition, 0))
        for first, last, read in ((0, 20, 20), (0, 10, 20), (10, 30, 30)):
            await module.apply(db, upserts, partition, messages[first:last])
            assert offsets(database)[at] == messages[read - 1].offset + 1
            assert rows(database) == lies_before(read)


def test_read_anew_no_row_becomes_older(published: Published, database: str) -> None:
    """Not even for a moment: with the offsets gone and the rows there, nothing is written."""
    with sink(published, database) as process:
        eventually(lambda: is_through(published, database), process)
    with psycopg.connect(database) as db:
        db.execute("DELETE FROM kafka_offsets")
        db.execute("""
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN RAISE EXCEPTION ''written again: %'', NEW.record_id; END';
            CREATE TRIGGER refuse BEFORE UPDATE ON worker_uptime FOR EACH ROW EXECUTE FUNCTION refuse();
            CREATE TRIGGER refuse BEFORE UPDATE ON flow_run_duration FOR EACH ROW EXECUTE FUNCTION refuse();
        """)
    with sink(published, database) as process:
        eventually(lambda: is_through(published, database), process)
    assert rows(database) == stored(published.final())


def test_what_kafka_no_longer_has_is_an_error(published: Published, database: str) -> None:
    with psycopg.connect(database) as db:
        for topic in published.topics:
            for partition in range(4):
                db.execute("INSERT INTO kafka_offsets VALUES (%s, %s, 1000000)", (topic, partition))
    with sink(published, database) as process:
        assert "OffsetOutOfRangeError" in process.communicate(timeout=30)[1]
        assert process.returncode == 1
