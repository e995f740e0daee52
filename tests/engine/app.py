"""An app of the engine, as small as shows everything: it joins pairs and counts. The tests run it as a process:

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
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import uvloop

import correlator.engine.engine
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
from correlator.engine.publishing import Publisher
from correlator.engine.slices import Received, TopicPartition

TABLE = "waiting"
COUNT = b"#count"
FOREIGN = b"x"


class Settings(NamedTuple):
    """What a test may want of an app."""

    brokers: str
    app_id: str
    source: str
    output: str
    middle: str | None = None
    partitions: int = 4
    slice_records: int = 100
    split: int = 0
    """Records a transaction: 0 for the whole slice."""
    store: str = "memory"
    datadir: str = "."
    session_timeout: float = 6.0
    instance_id: str | None = None
    nudge_interval: float = 0.3
    stop_limit: float = 20.0
    transaction_timeout: float = 60.0
    stop_at: str | None = None
    """Send ourselves ``stop_signal`` before this step of a transaction (see ``STEPS``), the ``stop_after``-th time."""
    stop_after: int = 1
    stop_signal: int = signal.SIGKILL
    with_table: bool = True
    """False: the first hop only."""
    at_its_worst: str | None = None
    """``slow``: let the last seek of a recovery take longer than Faust has patience. ``unfenced``: write under a
    transactional id of the process's own."""


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
            Watched.maybe_stop("compute", slice_.partition)
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
"""The steps of a transaction, and the producer's method for each; ``compute`` comes before, ``committed`` after them.

Before all of that ``fence`` and ``fenced``: around the fencing of a partition's owner before.
"""


class Watched(Publisher):
    """The product's publisher, which tells what it commits and stops where a test wants it to."""

    settings: Settings
    _passed = 0

    def __init__(self, input_: TopicPartition, group: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(input_, group, *args, **kwargs)
        if self.settings.at_its_worst == "unfenced":
            self._producer._txn_manager.transactional_id += f"-{os.getpid()}"
            self._producer._txn_manager.transaction_timeout_ms = 60_000  # else the broker's patience is a fence, too
        for step, method in STEPS.items():
            setattr(self._producer, method, self._stopping_at(step, getattr(self._producer, method)))

    async def start(self) -> None:
        self.maybe_stop("fence", self._input.partition)
        await super().start()
        self.maybe_stop("fenced", self._input.partition)

    async def publish(self, transaction: Step, changelog: TopicPartition | None) -> int | None:
        offset = await super().publish(transaction, changelog)
        self.maybe_stop("committed", self._input.partition)
        topic, partition = self._input
        messages, changes = len(transaction.messages), len(transaction.changes)
        journal("committed", topic=topic, partition=partition, end=transaction.end, messages=messages, changes=changes)
        return offset

    def _stopping_at(self, step: str, method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def stopping(*args: Any, **kwargs: Any) -> Any:
            self.maybe_stop(step, self._input.partition)
            return await method(*args, **kwargs)

        return stopping

    @classmethod
    def maybe_stop(cls, step: str, partition: int) -> None:
        """Stop ourselves, if this is the step, and the time, to do so."""
        if step == cls.settings.stop_at:
            cls._passed += 1
            if cls._passed == cls.settings.stop_after:
                journal("stopping", step=step, partition=partition)
                os.kill(os.getpid(), cls.settings.stop_signal)


def make_engine(settings: Settings) -> Engine:
    """Wire the app."""
    Watched.settings = settings
    correlator.engine.engine.Publisher = Watched
    options = Options(
        settings.app_id,
        {"bootstrap_servers": [settings.brokers]},
        slice_records=settings.slice_records,
        session_timeout=settings.session_timeout,
        instance_id=settings.instance_id,
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
    """Let the last seek of a recovery take for ever."""
    engine.app.conf.broker_request_timeout = engine.options.session_timeout  # no less is allowed

    async def seek(*_: Any) -> None:
        journal("seeks")
        await asyncio.Event().wait()

    @engine.app.on_partitions_assigned.connect(weak=False)
    async def assigned(*_: Any, **__: Any) -> None:
        engine.app.consumer.read_from_committed = seek


async def tell_what_is_behind(engine: Engine) -> None:
    """Write down, when it changes, which partitions have something to decide, or something that cannot be read yet."""
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
