"""A Faust app without the engine, configured as the engine does it, that writes down what Faust does, and when.

    python -m tests.engine.faust_app '{"brokers": …, "app_id": …, "source": …}'

It has two tables: ``gathering``, whose recovery gathers two events at a time, as the engine's; and ``at_once``, one. Of
the topics that it reads, it is stuck at the first event of two: of ``stuck``, which wants no acks, as the engine's, and
of ``stuck_unacked``, which does. ``told`` has no agent, as the engine's: Faust is told of it, and no more. What happens
is written to stdout, a JSON object a line.
"""

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Iterable
from typing import Any, NamedTuple

import faust
from faust.stores.base import Store
from faust.tables.recovery import Recovery
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport
from faust.types import TP

from correlator.engine import MAX_BATCH, Options
from correlator.engine.options import faust_app
from correlator.internal_names import worker_ids
from tests.engine.app import journal

GATHERING, AT_ONCE = "gathering", "at_once"
IMPATIENCE = 1.0
"""Seconds after which Faust's watchdogs complain; minutes, by default."""


class Settings(NamedTuple):
    """What a test may want of an app."""

    brokers: str
    app_id: str
    source: str
    told: str
    stuck: str
    stuck_unacked: str
    partitions: int = 4
    session_timeout: float = 6.0
    instance_id: str | None = None
    datadir: str = "."
    persisted: int = 1
    """The changelog offset that the stores claim to have, once the tables are recovered for the first time."""


def told(tps: Iterable[TP]) -> list[list[Any]]:
    return sorted([tp.topic, tp.partition] for tp in tps)


class Remembering(Store[bytes, bytes]):
    """A store that says up to where it has its changelog, and is told the rest."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offsets: dict[int, int] = {}

    def persisted_offset(self, tp: TP) -> int | None:
        return self.offsets.get(tp.partition)

    def apply_changelog_batch(self, batch: Any, *_: Any, **__: Any) -> None:
        for event in batch:
            message = event.message
            journal("applied", topic=message.topic, partition=message.partition, offset=message.offset)

    def reset_state(self) -> None: ...

    async def backup_partition(self, *_: Any, **__: Any) -> None: ...

    def restore_backup(self, *_: Any, **__: Any) -> None: ...


class Table(faust.Table[bytes, bytes]):
    def _new_store(self) -> Remembering:
        return Remembering("remembering://", self.app, self, table_name=self.name, loop=self.loop)


class WatchedThread(AIOKafkaConsumerThread):
    _polled = False

    async def _fetch_records(self, consumer: Any, active_partitions: Any, *args: Any, **kwargs: Any) -> Any:
        if not self._polled:
            self._polled = True
            journal("polls", live=active_partitions is self.consumer._active_partitions)
        return await super()._fetch_records(consumer, active_partitions, *args, **kwargs)

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        journal("made a consumer", started=consumer._fetcher is not None, isolation=consumer._isolation_level)
        return consumer


class WatchedConsumer(Consumer):
    def _new_consumer_thread(self) -> WatchedThread:
        return WatchedThread(self, loop=self.loop, beacon=self.beacon)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        journal("revoked", tps=told(revoked), assignment=told(self.assignment()))
        await super().on_partitions_revoked(revoked)
        journal("revoked, done")

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        coordinator: Any = self._thread._ensure_consumer()._coordinator
        member = [coordinator.member_id, coordinator.generation]
        journal("assigned", tps=told(assigned), generation=generation_id, member=member)
        await super().on_partitions_assigned(assigned, generation_id)
        assignor = self.app.assignor
        actives, standbys = told(assignor.assigned_actives()), told(assignor.assigned_standbys())
        journal("assigned, done", actives=actives, standbys=standbys)

    async def highwaters(self, *partitions: TP) -> Any:
        journal("highwaters", tps=told(partitions))
        return await super().highwaters(*partitions)

    async def seek_wait(self, partitions: Any) -> None:
        journal("seek", offsets=[[tp.topic, tp.partition, offset] for tp, offset in sorted(partitions.items())])
        await super().seek_wait(partitions)

    async def perform_seek(self) -> None:
        journal("perform_seek", flow=self.flow_active)
        await super().perform_seek()

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        journal("resume_partitions", tps=told(tps))
        super().resume_partitions(tps)

    def stop_flow(self) -> None:
        journal("stop_flow")
        super().stop_flow()

    def resume_flow(self) -> None:
        super().resume_flow()
        journal("resume_flow")

    async def wait_empty(self) -> None:
        journal("wait_empty", flow=self.flow_active, queues=self.app.flow_control.is_active())

    def verify_event_path(self, now: float, tp: TP) -> None:
        journal("verifies", topic=tp.topic)
        super().verify_event_path(now, tp)


class WatchedTransport(Transport):
    Consumer = WatchedConsumer


def make_app(settings: Settings) -> faust.App:
    """Wire the app."""
    options = Options(
        settings.app_id,
        worker_ids=worker_ids(settings.app_id),
        client={"bootstrap_servers": [settings.brokers]},
        session_timeout=settings.session_timeout,
        instance_id=settings.instance_id,
        slice_records=10,
        stall_limit=300.0,
        max_batch=MAX_BATCH,
        datadir=settings.datadir,
    )
    app = faust_app(options, settings.app_id)
    app.transport = WatchedTransport(app.conf.broker_consumer, app)
    app.conf.broker_commit_interval = IMPATIENCE / 4
    app.conf.broker_commit_livelock_soft_timeout = IMPATIENCE
    app.conf.stream_processing_timeout = IMPATIENCE
    tables = []
    for name, buffer_size in ((GATHERING, 2), (AT_ONCE, 1)):
        table = Table(
            app,
            name=name,
            partitions=settings.partitions,
            key_type=bytes,
            value_type=bytes,
            recovery_buffer_size=buffer_size,
        )
        tables.append(app.tables.add(table))

    async def read(stream: Any) -> None:
        async for event in stream.noack().events():
            message = event.message
            journal("event", topic=message.topic, partition=message.partition)
            if message.topic in (settings.stuck, settings.stuck_unacked):
                await asyncio.Event().wait()

    for name, acks in ((settings.source, False), (settings.stuck, False), (settings.stuck_unacked, True)):
        topic = app.topic(name, key_serializer="raw", value_serializer="raw", acks=acks)
        app.agent(topic, name=f"reads {name}")(read)

    app.topics.add(app.topic(settings.told, acks=False))
    resume = app.flow_control.resume

    def resuming() -> None:
        resume()
        journal("flow_control.resume")

    app.flow_control.resume = resuming
    on_recovery_completed = Recovery.on_recovery_completed

    async def completed(self: Any, *args: Any) -> None:
        journal("recovered")
        await on_recovery_completed(self, *args)
        journal("ready", active=told(app.consumer._active_partitions))
        for table in tables:
            for partition in range(settings.partitions):
                table.data.offsets[partition] = settings.persisted

    Recovery.on_recovery_completed = completed
    return app


async def main(settings: Settings) -> None:
    app = make_app(settings)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    app.in_worker = True
    await app.start()
    await stop.wait()
    journal("stopping")
    await app.stop()
    journal("stopped")


if __name__ == "__main__":
    logging.basicConfig(level="WARNING", format="%(asctime)s %(name)s %(levelname)s %(message)s")
    asyncio.run(main(Settings(**json.loads(sys.argv[1]))))
    sys.stdout.flush()
    os._exit(0)
