"""Wires the two stages into an engine. Nothing is decided here."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from correlator import records
from correlator.client import client_of
from correlator.configured import reading_of, rules_of
from correlator.core import Lifecycle, Rules
from correlator.engine import MAX_BATCH, OVERHEAD, Engine, MemoryStore, Message, Options, Store
from correlator.event import Kind
from correlator.internal_names import TABLE, worker_ids
from correlator.moments import Moment
from correlator.partitioner import partition_for
from correlator.settings import Settings
from correlator.stage.arriving import OneHop, TwoHops
from correlator.stage.correlate import Correlate
from correlator.stage.dead_letters import DeadLetters
from correlator.stage.intake import Intake
from correlator.stage.tally import Counts
from correlator.topics import Layout


class App(NamedTuple):
    """The engine with both stages, and correlate by itself, which knows the open lifecycles."""

    engine: Engine
    correlate: Correlate


def create_app(
    settings: Settings,
    layout: Layout,
    counts: Counts,
    *,
    wall_clock: Callable[[], Moment],
    fail: Callable[[str, BaseException], None],
    url: str = "http://localhost",
) -> App:
    """The stage of the settings, on topics as they are laid out on the broker. ``url``: the worker's URL for the group.

    ``fail``: see `Engine`.
    """
    engine = Engine(_options(settings, layout, url), fail=fail)
    letters = DeadLetters(
        settings.topic_dead_letter,
        layout.partitions[settings.topic_dead_letter],
        layout.max_message_bytes[settings.topic_dead_letter],
    )
    table = engine.add_table(TABLE, _store(settings, layout), layout.partitions[settings.topic_joined])
    correlate = Correlate(
        OneHop(reading_of(settings), wall_clock=wall_clock) if settings.one_hop else TwoHops(),
        table,
        _publish(settings, layout),
        letters,
        _rules(settings, layout),
        counts,
    )
    engine.add_stage(settings.topic_joined, correlate, table)
    if not settings.one_hop:
        intake = Intake(
            settings.topic_lifecycles,
            layout.partitions[settings.topic_lifecycles],
            layout.partitions[settings.topic_events],
            letters,
            reading_of(settings),
            wall_clock=wall_clock,
            counts=counts,
        )
        engine.add_stage(settings.topic_events, intake)
    return App(engine, correlate)


def _rules(settings: Settings, layout: Layout) -> Rules:
    """The settings' rules, with entries bounded to what the changelog accepts: a refused one would stop the stage for
    good.
    """
    rules, room = rules_of(settings), layout.max_message_bytes[settings.topic_changelog] - OVERHEAD
    return replace(rules, max_entry_bytes=min(rules.max_entry_bytes, room))


def _publish(settings: Settings, layout: Layout) -> Callable[[int, Lifecycle], Message]:
    """Makes the function that turns a lifecycle, decided in a partition, into its message.

    If intake chose that partition by the subject, and the record's topic has as many partitions, then the record's
    partition has the same number.
    """
    topics = {Kind.WORKER: settings.topic_worker_uptime, Kind.FLOW_RUN: settings.topic_flow_run_duration}
    partitions = {kind: layout.partitions[topic] for kind, topic in topics.items()}
    chosen = None if settings.one_hop else layout.partitions[settings.topic_lifecycles]
    most = {kind: layout.max_message_bytes[topic] - OVERHEAD for kind, topic in topics.items()}

    def publish(partition: int, lifecycle: Lifecycle) -> Message:
        kind, key, value, headers = records.render(lifecycle, settings.source)
        if len(value) > most[kind]:  # if the broker refused it, the stage would stop for good
            kind, key, value, headers = records.render(records.bare(lifecycle), settings.source)
        to = partition if chosen == partitions[kind] else partition_for(key, partitions[kind])
        return Message(topics[kind], to, key, value, headers)

    return publish


def _options(settings: Settings, layout: Layout, url: str) -> Options:
    written = (most for name, most in layout.max_message_bytes.items() if name != settings.topic_events)
    return Options(
        app_id=settings.app_id,
        worker_ids=worker_ids(settings.app_id),
        client=client_of(settings),
        slice_records=settings.slice_records,
        session_timeout=settings.session_timeout.total_seconds(),
        instance_id=settings.instance_id,
        max_batch=min(MAX_BATCH, *written),
        stall_limit=settings.stall_limit.total_seconds(),
        datadir=str(settings.data_dir),
        url=url,
    )


def _store(settings: Settings, layout: Layout) -> Store:
    if settings.store == "memory://":
        return MemoryStore()
    from correlator.engine.rocks import RocksStore

    directory = settings.data_dir / settings.app_id
    return RocksStore(directory, tombstones_for=layout.tombstones_for, clock=time.time)
