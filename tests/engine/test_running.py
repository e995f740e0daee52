"""The engine among its kind and over time: processes come and go, topics end in markers, nothing comes for a while."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from local import Broker
from tests.commands.running import correlator
from tests.engine.kafka import Cluster, Row, connected, until
from tests.engine.processes import App, Deployment, Deployments, pairs

PAIRS = 1000


# Processes come and go


@asynccontextmanager
async def fed(deployment: Deployment, rows: Sequence[Row], step: int = 40) -> AsyncIterator[None]:
    """Feed for as long as the block lasts, then the rest."""
    going_on = True

    async def feed() -> None:
        for first in range(0, len(rows), step):
            await deployment.write(rows[first : first + step])
            if going_on:
                await asyncio.sleep(0.1)

    feeding = asyncio.create_task(feed())
    try:
        yield
    finally:
        going_on = False
        await feeding


def held(app: App) -> set[int]:
    """The partitions that a process holds now."""
    holds: set[int] = set()
    for entry in app.entries():
        if entry["what"] == "assigned":
            holds.add(entry["partition"])
        elif entry["what"] == "revoked":
            holds.discard(entry["partition"])
    return holds


async def share(*apps: App) -> None:
    """Wait until the processes hold all partitions between them, each its part."""

    def shared() -> bool:
        for app in apps:
            assert app.exit_code is None, app.log
        holds = [held(app) for app in apps]
        return all(holds) and sorted(p for part in holds for p in part) == [0, 1, 2, 3]

    await until(shared)


async def test_processes_join_leave_and_are_killed_while_records_come(cluster: Cluster, deployments: Deployments):
    count = 4000
    deployment = await deployments.create(cluster, slice_records=50, split=20)
    async with fed(deployment, pairs(count)):
        one = deployment.start()
        await share(one)
        await one.says("committed")
        two = deployment.start()
        await share(one, two)
        await two.says("committed")
        assert await one.stop() == 0
        await share(two)
        three = deployment.start()
        await share(two, three)
        await three.says("committed")
        two.kill()
        await share(three)
        four = deployment.start()
        await share(three, four)
    await deployment.until_done(three, four)
    assert [await app.stop() for app in (three, four)] == [0, 0]
    await deployment.assert_exactly_once(count)


async def test_what_a_rebalance_leaves_with_a_process_is_as_it_was(cluster: Cluster, deployments: Deployments):
    """Faust reads the last change of a changelog again, and the marker behind it: they are our own."""
    deployment = await deployments.create(cluster)
    one = deployment.start()
    await share(one)
    await deployment.write(pairs(PAIRS))
    await deployment.until_done(one)
    two = deployment.start()
    await share(one, two)
    left = {entry["partition"]: entry["stamp"] for entry in one.entries("revoked")}
    kept = {entry["partition"]: entry["stamp"] for entry in one.entries("assigned")[-2:]}
    assert kept == {partition: left[partition] for partition in kept}
    taken = {entry["partition"] for entry in two.entries("assigned")}
    assert taken == left.keys() - kept.keys()


async def test_a_member_that_kept_its_identity_is_back_before_its_session_ends(
    cluster: Cluster, deployments: Deployments
):
    """A static member restarts into its partitions; the others go on all the while."""
    deployment = await deployments.create(cluster, session_timeout=60.0)
    one, two = deployment.start(member="one"), deployment.start(member="two")
    await share(one, two)
    was_held = held(one)
    one.kill()
    again = deployment.start(member="one")
    await again.says("assigned", times=2, patience=45)
    assert held(again) == was_held
    await deployment.write(pairs(PAIRS))
    await deployment.until_done(again, two)
    await deployment.assert_exactly_once(PAIRS)


@pytest.mark.parametrize("when", ["starting", "assigned"])
async def test_a_process_can_be_told_to_stop_at_any_time(deployment: Deployment, when: str):
    await deployment.write(pairs(PAIRS))
    app = deployment.start()
    if when == "starting":
        await app.says("starting")
    else:
        await app.says("assigned")
    app.signal(signal.SIGTERM)
    assert await app.ends(10) == 0
    assert "Traceback" not in app.log


async def test_a_broker_that_hangs_does_not_hold_up_the_end(own_kafka: Callable[..., Broker], tmp_path: Path):
    broker = own_kafka()
    with Deployments(broker.bootstrap_servers, tmp_path) as deployments:
        async with connected(broker.bootstrap_servers) as cluster:
            deployment = await deployments.create(cluster, slice_records=50, stop_limit=3.0)
            await deployment.write(pairs(PAIRS))
            app = deployment.start()
            await app.says("committed", times=3)
            await asyncio.to_thread(broker.pause)
            app.signal(signal.SIGTERM)
            assert await app.ends(15) == 1
            assert "it did not stop within 3 seconds, so this process ends" in app.log
            await asyncio.to_thread(broker.resume)


async def test_a_transaction_that_nobody_takes_over_holds_up_no_reader_for_long(
    cluster: Cluster, deployments: Deployments
):
    """The broker ends it when its time is up: it looks every 10 s (transaction.abort.timed.out…interval.ms)."""
    deployment = await deployments.create(cluster, slice_records=50, transaction_timeout=2.0)
    await deployment.write(pairs(PAIRS))
    app = deployment.start(stop_at="commit", stop_after=3)
    assert await app.ends() == -signal.SIGKILL
    assert await cluster.holds_back(deployment.output)

    async def readable() -> bool:
        return not await cluster.holds_back(deployment.output)

    await until(readable, 30, every=0.5)
    again = deployment.start()
    await deployment.until_done(again)
    assert await again.stop() == 0
    await deployment.assert_exactly_once(PAIRS)


async def test_a_recovery_that_takes_too_long_ends_the_process(cluster: Cluster, deployments: Deployments):
    """A broker that hangs may bring it about. It must not live on and read nothing, for ever."""
    deployment = await deployments.create(cluster)
    app = deployment.start(at_its_worst="slow")
    await app.says("seeks")
    assert await app.ends(10) == 1  # Faust's patience is its session timeout here


async def test_a_data_directory_that_cannot_be_made_ends_the_process_and_is_named(deployment: Deployment):
    """At once: the group is never joined, and only the watchdog would say so, minutes later."""
    app = deployment.start(datadir="/dev/null/data")
    assert await app.ends(15) == 1
    assert "the app crashed, so this process ends: NotADirectoryError: " in app.log
    assert "/dev/null" in app.log.splitlines()[-1]


async def test_so_does_a_worker_of_the_product(kafka: str, topic: Callable[..., str], create_topic: Callable[..., Any]):
    settings = {
        "BOOTSTRAP_SERVERS": kafka,
        "APP_ID": topic("app"),
        "TOPIC_EVENTS": await create_topic("events", partitions=2),
        "DATA_DIR": "/dev/null/data",
    }
    created = await asyncio.to_thread(correlator, "topics", "create", **settings)
    assert created.returncode == 0, created.stderr
    ended = await asyncio.to_thread(correlator, "worker", **settings)
    assert ended.returncode == 1
    assert "so this process ends: " in ended.stderr.splitlines()[-1]
    assert "/dev/null" in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr


# A partition's end


async def test_recovery_ends_though_a_changelog_holds_nothing_but_markers(deployment: Deployment, kafka: str):
    """Faust waits for a record at its end (faust-streaming/faust #47), and none will ever be seen there."""
    async with AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=uuid4().hex) as producer:
        for partition in range(2):
            await producer.begin_transaction()
            await producer.send(deployment.changelog, b"never was", key=b"key", partition=partition)
            await producer.abort_transaction()
    await until(lambda: ends_are(deployment.cluster, deployment.changelog, [2, 2, 0, 0]))
    app = deployment.start()
    told = await app.says("assigned", times=4, patience=20)
    assert [entry["waiting"] for entry in told] == [0] * 4


async def ends_are(cluster: Cluster, topic: str, ends: Sequence[int]) -> bool:
    return await cluster.ends(topic) == ends


async def test_only_committed_records_of_the_input_are_read(deployment: Deployment, kafka: str):
    async with AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=uuid4().hex) as producer:
        for value, end in [(b"one", "commit"), (b"never was", "abort"), (b"two", "commit")]:
            await producer.begin_transaction()
            await producer.send(deployment.source, value, key=b"key", partition=0)
            await (producer.commit_transaction() if end == "commit" else producer.abort_transaction())
    await until(lambda: ends_are(deployment.cluster, deployment.source, [6, 0, 0, 0]))
    app = deployment.start()
    await deployment.until_done(app)  # the committed offset is behind the last marker
    assert [record.value for record in await deployment.cluster.read(deployment.output)] == [b"one two"]


async def test_what_an_open_transaction_holds_back_is_told(deployment: Deployment, kafka: str):
    """It is no lag, and nothing that stands still: nobody may read it before that transaction ends."""
    async with AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=uuid4().hex) as producer:
        await producer.begin_transaction()
        for _ in range(3):
            await producer.send_and_wait(deployment.source, b"open", key=b"key", partition=0)
        await deployment.write([Row(0, b"key", b"behind it"), Row(1, b"key", b"elsewhere")])
        app = deployment.start()
        await app.says("behind", lags={}, uncommitted={"0": 4})
        await producer.commit_transaction()
        await deployment.until_done(app)
        await until(lambda: app.entries("behind")[-1] == {"what": "behind", "lags": {}, "uncommitted": {}})


async def test_offsets_behind_foreign_records_are_committed_after_a_while(deployment: Deployment):
    app = deployment.start()
    for _ in range(10):
        await deployment.write(Row(n % 4, b"k", b"x of somebody else") for n in range(100))
    await deployment.until_done(app)
    assert await deployment.cluster.committed(deployment.id, deployment.source) == [250] * 4
    committed = app.entries("committed")
    assert len(committed) < len(app.entries("read"))  # not a transaction each
    assert all(entry["messages"] == entry["changes"] == 0 for entry in committed)


async def test_an_input_that_ends_before_its_committed_offset_is_read_whole(deployment: Deployment):
    """It was made anew, and what came up to the old offset would be skipped in silence."""
    await deployment.write(pairs(PAIRS))
    tp = TopicPartition(deployment.source, 0)
    async with AIOKafkaConsumer(
        bootstrap_servers=deployment.cluster.brokers, group_id=deployment.id, enable_auto_commit=False
    ) as consumer:
        consumer.assign([tp])
        await consumer.commit({tp: 100 * PAIRS})
    app = deployment.start()
    await deployment.until_done(app)
    await deployment.assert_exactly_once(PAIRS)
    assert f"{deployment.source}-0 ends before its committed offset" in app.log


async def test_an_input_whose_beginning_is_gone_is_read_from_what_is_left(deployment: Deployment):
    """Retention may be faster than a process that was away for long."""
    await deployment.write(pairs(PAIRS))
    app = deployment.start()
    await deployment.until_done(app)
    assert await app.stop() == 0
    await deployment.write(Row(n % 4, b"k", b"x of somebody else") for n in range(400))
    await deployment.cluster.delete_before(deployment.source, 2 * PAIRS // 4 + 50)
    await deployment.write(pairs(10, start=PAIRS))
    again = deployment.start()
    await deployment.until_done(again)
    await deployment.assert_exactly_once(PAIRS + 10)


# More than one stage


async def test_two_hops(cluster: Cluster, deployments: Deployments):
    """The first stage has no table, and its records come to the second in the first one's transactions."""
    deployment = await deployments.create(cluster, two_hops=True, slice_records=50)
    rows = [row._replace(partition=n % 4) for n, row in enumerate(pairs(PAIRS))]  # the halves of a pair apart
    await deployment.write(rows[:PAIRS])
    one, two = deployment.start(), deployment.start()
    await share(one, two)
    await deployment.write(rows[PAIRS:])
    await deployment.until_done(one, two)
    one.kill()
    await share(two)
    assert await two.stop() == 0
    await deployment.assert_exactly_once(PAIRS)


async def test_a_stage_without_a_table_goes_on_after_a_rebalance(cluster: Cluster, deployments: Deployments):
    deployment = await deployments.create(cluster, with_table=False)
    one = deployment.start()
    await one.says("assigned to forward", times=4)
    two = deployment.start()
    await two.says("assigned to forward", times=2)
    await one.says("assigned to forward", times=6, patience=20)
    await deployment.write(pairs(PAIRS))
    await deployment.until_done(one, two, patience=20)
