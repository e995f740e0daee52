"""The table survives other releases and damage, and what is due is decided once, by whoever holds the partition."""

import asyncio
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.admin.records_to_delete import RecordsToDelete
from msgspec import msgpack

from correlator import core
from correlator.event import Details, Kind
from correlator.partitioner import partition_for
from correlator.stage.partition_state import CLOCKS_KEY
from support.events import pairs
from tests.stage.generated import last_events
from tests.stage.running import Stage

PARTITIONS = 4
RUN = next(pairs(1))[0]
"""The run of the pair that comes after the damage."""


HALF = core.encode(core.SubjectState(Kind.WORKER, "prefect.worker.process.half", Details()))[:-5]


def newer(value: bytes) -> bytes:
    """A value as a much later release would write it."""
    _, *fields = msgpack.decode(value)
    return msgpack.encode([999, *fields])


async def damage(stage: Stage, *entries: tuple[int, bytes, bytes]) -> None:
    """Write entries to the changelog of a deployment that stands still."""
    producer = AIOKafkaProducer(bootstrap_servers=stage.bootstrap_servers)
    await producer.start()
    try:
        for partition, key, value in entries:
            await producer.send_and_wait(stage.changelog, value, key=key, partition=partition)
    finally:
        await producer.stop()


async def entries(stage: Stage) -> dict[tuple[int, bytes | None], bytes | None]:
    """The table as its next owner recovers it."""
    read: list[ConsumerRecord[bytes, bytes]] = await stage.read(stage.changelog)
    return {(it.partition, it.key): it.value for it in sorted(read, key=lambda it: it.offset)}


async def run_to_the_end(stage: Stage, count: int) -> None:
    """Start a worker, let it do all there is until there are so many records, and stop it."""
    worker = stage.start()
    await stage.until_said(worker, "holds")
    await stage.until_done(workers=[worker])
    async with asyncio.timeout(20):
        while len(await stage.records()) < count:
            await asyncio.sleep(0.3)
    await asyncio.sleep(3)  # what idle stages have to say, and what must not come
    worker.terminate()
    assert worker.wait(20) == 0, stage.log(worker)


@pytest.mark.parametrize("keyed_by", ["any", "subject"])
async def test_what_cannot_be_read_is_a_dead_letter_once(new_stage: Callable[..., Stage], keyed_by: str) -> None:
    stage = new_stage(INPUT_KEYED_BY=keyed_by)
    await stage.feed(pairs(20, seed=2))
    await run_to_the_end(stage, 20)
    garbage = {
        (partition_for(RUN, PARTITIONS), RUN): b"garbage",
        (1, CLOCKS_KEY): b"[]",
        (3, b"prefect.worker.process.half"): HALF,
        (3, b"prefect.worker.process.json"): b'[1,"worker-uptime","prefect.worker.process.json",null,[],[],[]]',
    }
    await damage(stage, *((partition, key, value) for (partition, key), value in garbage.items()))

    await stage.feed(pairs(1))
    for _ in range(2):
        await run_to_the_end(stage, 21)

    letters = await stage.read(stage.dead_letter)
    told = {(int(dict(letter.headers)["__streams.errors.partition"]), letter.key): letter for letter in letters}
    assert {place: letter.value for place, letter in told.items()} == garbage
    assert len(letters) == len(garbage), "once each"
    for letter in letters:
        headers = dict(letter.headers)
        assert headers["__streams.errors.topic"] == stage.changelog.encode()
        assert headers["__streams.errors.exception"] == b"UnreadableState"
        assert headers["__streams.errors.message"]
    table = await entries(stage)
    assert table[3, b"prefect.worker.process.half"] is None, "a tombstone"
    assert not garbage.items() & table.items()
    assert len(await stage.records()) == 21


NEW = b"prefect.worker.process.new"
NEWER = {
    "a state": (NEW, newer(core.encode(core.SubjectState(Kind.WORKER, NEW.decode(), Details())))),
    "a state of another shape": (NEW, msgpack.encode([999, {"starts": []}])),
    "clocks": (CLOCKS_KEY, newer(core.Clocks(1, {0: 5}).encode())),
    "clocks of another shape": (CLOCKS_KEY, msgpack.encode([999, {"0": 5}])),
}


@pytest.mark.parametrize("newer", NEWER)
async def test_another_release_s_table_is_refused(new_stage: Callable[..., Stage], newer: str) -> None:
    """One sentence says so, and nothing is changed: neither the entry nor others that cannot be read."""
    stage = new_stage()
    key, value = NEWER[newer]
    partition = 2 if key == CLOCKS_KEY else partition_for(key, PARTITIONS)
    await damage(stage, (partition, b"prefect.worker.process.bad", b"garbage"), (partition, key, value))
    worker = stage.start()
    assert await asyncio.to_thread(worker.wait, 60) == 1, stage.log(worker)
    said = stage.log(worker)
    assert "Traceback" not in said
    assert "another release wrote" in said.splitlines()[-1]
    assert "999" in said.splitlines()[-1]
    assert (await entries(stage))[partition, key] == value
    assert await stage.read(stage.dead_letter) == []


@pytest.mark.parametrize("keyed_by", ["any", "subject"])
async def test_what_is_due_is_decided_once_by_who_holds_it(new_stage: Callable[..., Stage], keyed_by: str) -> None:
    """The first worker knew every deadline, before the second took half of the partitions from it."""
    count = 3000
    stage = new_stage(INPUT_KEYED_BY=keyed_by)
    starts = [pair for pair in pairs(count) if b"submitted" in pair[1]]
    await stage.feed(starts)
    first = stage.start()
    await stage.until_done(workers=[first])
    second = stage.start()
    await stage.until_said(second, "holds")
    await stage.feed((name.encode(), value) for name, value in last_events(PARTITIONS, after=1500))
    async with asyncio.timeout(60):
        while len(await stage.read(stage.flow_run_duration)) < count:
            await asyncio.sleep(0.5)
    await asyncio.sleep(5)  # a second version would come by now
    for worker in (first, second):
        assert worker.poll() is None, stage.log(worker)
        worker.terminate()
    for worker in (first, second):
        assert worker.wait(20) == 0, stage.log(worker)

    records = [
        orjson.loads(record.value or b"") for record in await stage.read(stage.flow_run_duration, "read_uncommitted")
    ]
    assert Counter(record["outcome"] for record in records) == {"lost": count}
    assert {record["flow_run"]["id"] for record in records} == {str(uuid.UUID(key.decode())) for key, _ in starts}
    assert len(records) == count, "each was published once, not even an aborted transaction more"


@pytest.mark.parametrize("store", ["memory://", "rocksdb://"])
async def test_a_changelog_whose_head_was_deleted_is_told_of(
    new_stage: Callable[..., Stage], tmp_path: Path, store: str
) -> None:
    """What was open before is lost and nobody can bring it back; the stage says so and goes on with the rest."""
    stage = new_stage(PARTITIONS="1", STORE=store, DATA_DIR=str(tmp_path / "data"))
    directory = {"DATA_DIR": str(tmp_path / "data")}
    events = list(pairs(40))
    starts = [event for event in events if b"submitted" in event[1]]
    ends = [event for event in events if b"executed" in event[1]]
    await stage.feed(starts[:20])
    worker = stage.start(**directory)
    await stage.until_done(workers=[worker])
    worker.terminate()
    assert worker.wait(20) == 0
    await behead(stage)
    await stage.feed([*starts[20:], *ends])
    worker = stage.start(**directory)
    await stage.until_done(workers=[worker])
    worker.terminate()
    assert worker.wait(20) == 0, stage.log(worker)
    assert "begins at" in stage.log(worker) or "discarding the copy" in stage.log(worker)
    records = [record for record in await stage.records() if record["outcome"] == "completed"]
    assert {record["submitted_event_id"] for record in records} == {
        orjson.loads(value)["id"] for _, value in starts[20:]
    }


async def behead(stage: Stage) -> None:
    """Delete all records of the changelog. Kafka refuses that for a topic that is only compacted."""
    admin = AIOKafkaAdminClient(bootstrap_servers=stage.bootstrap_servers)
    await admin.start()
    try:
        topic = ConfigResource(ConfigResourceType.TOPIC, stage.changelog, {"cleanup.policy": "delete"})
        await admin.alter_configs([topic])
        await admin.delete_records({TopicPartition(stage.changelog, 0): RecordsToDelete(-1)})
        topic.configs["cleanup.policy"] = "compact"
        await admin.alter_configs([topic])
    finally:
        await admin.close()
