"""The smallest app of the engine that shows everything: it joins pairs and counts. The tests run it as a process:

    python -m tests.engine.app '{"brokers": …, "app_id": …, "source": …, "output": …}'

Two records of a key are a pair, whichever comes first; the second publishes one record. The table holds the firsts that
wait, and how many records of the partition were counted. A record whose value begins with ``x`` is foreign: it changes
nothing. With a ``middle`` topic there are two hops, and the first forwards each record to the partition of its key.

What happens is written to stdout, a JSON object a line.
"""

import asyncio
import json
import logging
import os
import signal
import sys
import time
import zlib
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import uvloop
from aiokafka import AIOKafkaProducer
from aiokafka.structs import TopicPartition as Partition

import correlator.engine.brokers
import correlator.engine.engine
import correlator.engine.publishing
from correlator.engine import (
    MAX_BATCH,
    CommittedTable,
    Engine,
    MemoryStore,
    Message,
    Options,
    Slice,
    Step,
    die,
    leave,
    run,
)
from correlator.engine.brokers import Brokers
from correlator.engine.membership import Membership
from correlator.engine.offsets import _MembersSender
from correlator.engine.publishing import Entries, Offsets, Producer
from correlator.engine.requests import OffsetFetch, by_topic
from correlator.engine.slices import Received, TopicPartition
from correlator.internal_names import worker_ids

TABLE = "waiting"
COUNT = b"#count"
FOREIGN = b"x"


class Settings(NamedTuple):
    """The settings of the app, which a test may change."""

    brokers: str
    app_id: str
    source: str
    output: str
    middle: str | None = None
    partitions: int = 4
    slice_records: int = 100
    split: int = 0
    """Records a step: 0 for the whole slice."""
    store: str = "memory"
    datadir: str = "."
    session_timeout: float = 6.0
    instance_id: str | None = None
    url: str = "http://localhost"
    nudge_interval: float = 0.3
    stop_limit: float = 20.0
    transaction_timeout: float = 60.0
    stop_at: str | None = None
    """Send ourselves ``stop_signal`` at this moment of a beat or of a start (see ``Watched``), the ``stop_after``-th
    time."""
    stop_after: int = 1
    stop_signal: int = signal.SIGKILL
    with_table: bool = True
    """False: the first hop only."""
    at_its_worst: str | None = None
    """``slow``: let the last seek of a recovery take longer than Faust has patience. ``anonymous``: commit offsets that
    name no member. ``unsettled``: ask for offsets though a transaction may change them. See `docs/protocol.md`."""
    ends_strangers: bool = True
    """False: wait for the timeout of what dead workers have left open, as with brokers before 3.0."""


def journal(what: str, **details: Any) -> None:
    print(json.dumps({"what": what, **details}), flush=True)


class Joining:
    """The second stage, or the only one."""

    table: CommittedTable

    def __init__(self, output: str, split: int) -> None:
        self._output, self._split = output, split

    def assigned(self, partition: int, end: int) -> Iterator[Step]:
        state = dict(self.table.store.items(partition))
        count = int(state.pop(COUNT, 0))
        stamp = self.table.stamp(partition)
        journal("assigned", partition=partition, end=end, count=count, waiting=len(state), stamp=stamp)
        return iter(())

    def revoked(self, partition: int) -> None:
        journal("revoked", partition=partition, stamp=self.table.stamp(partition))

    def __call__(self, slice_: Slice) -> Iterator[Step]:
        if slice_.records:
            Watched.maybe_stop("compute")
        journal("read", partition=slice_.partition, start=slice_.start, end=slice_.end, records=len(slice_.records))
        step = self._split or len(slice_.records) or 1
        for first in range(0, len(slice_.records), step):
            records = slice_.records[first : first + step]
            yield self._decide(slice_.partition, records, records[-1].offset + 1)
        yield Step((), {}, slice_.end)

    def _decide(self, partition: int, records: Sequence[Received], end: int) -> Step:
        changes: dict[bytes, bytes | None] = {}
        messages = []
        ours = [record for record in records if record.key and record.value and not record.value.startswith(FOREIGN)]
        for record in ours:
            key, value = record.key or b"", record.value or b""
            first = changes[key] if key in changes else self.table.get_committed(partition, key)
            changes[key] = value if first is None else None
            if first is not None:
                messages.append(Message(self._output, partition, key, b"%s %s" % (first, value), [("by", b"joining")]))
        if ours:
            changes[COUNT] = b"%d" % (int(self.table.get_committed(partition, COUNT) or 0) + len(ours))
        return Step(messages, changes, end)

    def idle(self, partition: int, end: int, *, caught_up: bool) -> Iterator[Step]:
        return iter(())


class Forwarding:
    """The first of two hops; it needs no table."""

    def __init__(self, output: str, partitions: int) -> None:
        self._output, self._partitions = output, partitions

    def assigned(self, partition: int, end: int) -> Iterator[Step]:
        journal("assigned to forward", partition=partition, end=end)
        return iter(())

    def revoked(self, partition: int) -> None:
        pass

    def __call__(self, slice_: Slice) -> Iterator[Step]:
        messages = [
            Message(self._output, zlib.crc32(record.key or b"") % self._partitions, record.key, record.value, [])
            for record in slice_.records
            if record.value and not record.value.startswith(FOREIGN)
        ]
        yield Step(messages, {}, slice_.end)

    def idle(self, partition: int, end: int, *, caught_up: bool) -> Iterator[Step]:
        return iter(())


STEPS = {
    "begin": "begin_transaction",
    "send": "send_batch",
    "offsets": "send_offsets_to_transaction",
    "commit": "commit_transaction",
}
"""The steps of a beat, and the producer's method for each; ``compute`` comes before, ``committed`` after them."""

STARTING = ("start", "started", "settle", "settled", "ends")
"""Before all of that: around taking the transactional id; around asking for the offsets that are taken over; and once
the ends of the changelogs are known, too.
"""


class Watched(Producer):
    """The product's producer. It writes down what it commits, and stops where a test wants it to."""

    settings: Settings
    _passed = 0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for step, method in STEPS.items():
            setattr(self._producer, method, self._stopping_at(step, getattr(self._producer, method)))

    async def start(self) -> None:
        self.maybe_stop("start")
        await super().start()
        self.maybe_stop("started")

    async def commit(
        self, messages: Iterable[Message], entries: Iterable[Entries] = (), offsets: Offsets | None = None
    ) -> Mapping[TopicPartition, int]:
        assert offsets is not None
        messages, entries = list(messages), list(entries)
        changed = await super().commit(messages, entries, offsets)
        self.maybe_stop("committed")
        changes = sum(len(its.changes) for its in entries)
        ends = {str(tp): end for tp, end in offsets.ends.items()}
        journal("committed", ends=ends, messages=len(messages), changes=changes)
        return changed

    def _stopping_at(self, step: str, method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def stopping(*args: Any, **kwargs: Any) -> Any:
            self.maybe_stop(step)
            return await method(*args, **kwargs)

        return stopping

    @classmethod
    def maybe_stop(cls, step: str) -> None:
        """Stop this process, if the test wants that at this step and at this time."""
        if step == cls.settings.stop_at:
            cls._passed += 1
            if cls._passed == cls.settings.stop_after:
                journal("stopping", step=step)
                os.kill(os.getpid(), cls.settings.stop_signal)


class WatchedBrokers(Brokers):
    """What the product asks brokers, and what it is told. ``settle`` is told before the first question."""

    async def settled_offsets(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int | None]:
        journal("settle", partitions=len(partitions))
        Watched.maybe_stop("settle")
        settled = await super().settled_offsets(partitions)
        journal("settled", offsets={str(tp): offset for tp, offset in settled.items()})
        Watched.maybe_stop("settled")
        return settled

    async def ends(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]:
        ends = await super().ends(partitions)
        Watched.maybe_stop("ends")
        return ends

    async def end_transaction(self, transactional_id: str) -> None:
        await super().end_transaction(transactional_id)
        journal("ended", transactional_id=transactional_id)


async def commit_in_no_name(
    producer: AIOKafkaProducer, membership: Membership, ends: Mapping[TopicPartition, int]
) -> None:
    """The product's `commit_in_the_name_of`, but for the name."""
    sender: Any = producer._sender
    sender.__class__ = _MembersSender
    sender.membership = Membership(membership.group, -1, "", None)
    await producer.send_offsets_to_transaction({Partition(*tp): end for tp, end in ends.items()}, membership.group)


class UnsettledOffsetFetch(OffsetFetch):
    """The product's request, without ``require_stable``."""

    def build(self, request_struct_class: Any) -> Any:
        no_tags: dict[int, bytes] = {}
        topics = [(name, its, no_tags) for name, its in by_topic(self._partitions).items()]
        return request_struct_class(self._group, topics, False, no_tags)


async def end_nothing(*_: object) -> None:
    """Instead of `end_strangers`."""


def make_engine(settings: Settings) -> Engine:
    """Wire the app."""
    Watched.settings = settings
    vars(correlator.engine.engine).update(Producer=Watched, Brokers=WatchedBrokers)
    if not settings.ends_strangers:
        vars(correlator.engine.engine).update(end_strangers=end_nothing)
    if settings.at_its_worst == "anonymous":
        vars(correlator.engine.publishing).update(commit_in_the_name_of=commit_in_no_name)
    if settings.at_its_worst == "unsettled":
        vars(correlator.engine.brokers).update(OffsetFetch=UnsettledOffsetFetch)
    options = Options(
        settings.app_id,
        worker_ids=worker_ids(settings.app_id),
        client={"bootstrap_servers": [settings.brokers]},
        slice_records=settings.slice_records,
        session_timeout=settings.session_timeout,
        instance_id=settings.instance_id,
        url=settings.url,
        stall_limit=300.0,
        max_batch=MAX_BATCH,
        nudge_interval=settings.nudge_interval,
        stop_limit=settings.stop_limit,
        transaction_timeout=settings.transaction_timeout,
        datadir=settings.datadir,
    )
    engine = Engine(options, fail=die)
    if not settings.with_table:
        engine.add_stage(settings.source, Forwarding(settings.output, settings.partitions))
        return engine
    if settings.middle is not None:
        engine.add_stage(settings.source, Forwarding(settings.middle, settings.partitions))
    joining = Joining(settings.output, settings.split)
    joining.table = engine.add_table(TABLE, make_store(settings), settings.partitions)
    engine.add_stage(settings.middle or settings.source, joining, joining.table)
    if settings.at_its_worst == "slow":
        seek_slowly(engine)
    return engine


def make_store(settings: Settings) -> Any:
    if settings.store == "memory":
        return MemoryStore()
    from correlator.engine.rocks import RocksStore

    return RocksStore(Path(settings.datadir, TABLE), tombstones_for=86_400, clock=time.time)


def seek_slowly(engine: Engine) -> None:
    """Make the last seek of a recovery never return."""
    engine.app.conf.broker_request_timeout = engine.options.session_timeout  # no less is allowed

    async def seek(*_: Any) -> None:
        journal("seeks")
        await asyncio.Event().wait()

    @engine.app.on_partitions_assigned.connect(weak=False)
    async def assigned(*_: Any, **__: Any) -> None:
        consumer: Any = engine.app.consumer
        consumer.read_from = seek


async def tell_what_is_behind(engine: Engine) -> None:
    """Write down, whenever it changes, which partitions have lag, and which have uncommitted records."""
    told = None
    while True:
        figures = {"lags": engine.lags(), "uncommitted": engine.uncommitted()}
        behind = {name: {tp.partition: n for tp, n in figure.items() if n} for name, figure in figures.items()}
        if engine.ready and behind != told:
            journal("behind", **behind)
            told = behind
        await asyncio.sleep(0.05)


async def main(settings: Settings) -> None:
    engine = make_engine(settings)
    running = asyncio.create_task(run(engine))
    telling = asyncio.create_task(tell_what_is_behind(engine))
    await asyncio.sleep(0)  # it hears signals now
    journal("starting")
    whole = await running
    telling.cancel()
    if not whole:
        leave(0)


if __name__ == "__main__":
    logging.basicConfig(level="WARNING", format="%(asctime)s %(name)s %(levelname)s %(message)s")
    uvloop.run(main(Settings(**json.loads(sys.argv[1]))))
