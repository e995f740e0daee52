"""The engine: stages in a Faust app, a slice at a time, a transaction a slice, exactly once."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import Any

from faust.types import TP

from correlator.engine.consumer import SliceTransport
from correlator.engine.holding import Holding
from correlator.engine.lane import Lane, LostSlice
from correlator.engine.options import Options, faust_app
from correlator.engine.progress import Sign
from correlator.engine.publishing import Publisher
from correlator.engine.slices import Stage, TopicPartition
from correlator.engine.store import Store
from correlator.engine.table import CommittedTable
from correlator.engine.watchdog import Watchdog


class Engine:
    """Stages, each reading a topic, in one Faust app.

    Faust keeps what it is good at: membership, co-partitioned assignment, recovery. ``fail`` is called, with what went
    wrong, when what this process holds in memory may differ from what is durable; it must end the process.
    """

    def __init__(self, options: Options, *, fail: Callable[[str, BaseException], None]) -> None:
        self.options = options
        self.fail = fail
        self.app = faust_app(options)
        self._transport = self.app.transport = SliceTransport(self.app.conf.broker_consumer, self.app, engine=self)
        self.holding: Holding | None = None
        self._letting_go = asyncio.Lock()
        self._stages: dict[str, tuple[Stage, CommittedTable | None]] = {}
        self.watchdog = Watchdog(self._signs, limit=options.stall_limit, fail=fail)

    @property
    def topics(self) -> Collection[str]:
        """The topics that stages read."""
        return self._stages.keys()

    def add_table(self, name: str, store: Store, partitions: int) -> CommittedTable:
        """A table of the app; the stage that uses it reads a topic with as many partitions."""
        table = CommittedTable(self.app, name=name, store=store, partitions=partitions)
        self.app.tables.add(table)
        return table

    def add_stage(self, topic: str, stage: Stage, table: CommittedTable | None = None) -> None:
        """Let ``stage`` decide the slices of ``topic``; the changes it yields go to ``table``."""
        self._stages[topic] = (stage, table)
        source = self.app.topic(topic, key_serializer="raw", value_serializer="raw", acks=False)

        async def read(stream: Any) -> None:
            async for event in stream.noack().events():
                self._accept(event)

        self.app.agent(source, name=f"slices of {topic}")(read)

    def _accept(self, event: Any) -> None:
        if self.holding is None or event.message.generation_id != self.app.consumer_generation_id:
            return  # of an assignment that is gone: whoever holds the partition now reads it
        try:
            self.holding.offer(event.message.value)
        except LostSlice as exc:
            self.fail("a slice was lost on its way to the stage", exc)

    async def take_over(self, assigned: set[TP]) -> None:
        """Hold the stream partitions among ``assigned``, fenced from anybody else."""
        try:  # aiokafka would log an exception of this callback, and wait for the next rebalance
            await self.let_go()
            mine = sorted(TopicPartition(*tp) for tp in assigned if tp.topic in self._stages)
            publishers = {tp: self._publisher(tp) for tp in mine}
            lanes = {tp: self._lane(tp, publisher) for tp, publisher in publishers.items()}
            holding = Holding(lanes, publishers.values())
            await holding.take_over()
            self.holding = holding
        except Exception as exc:  # noqa: BLE001 - whatever it is, it must not be survived
            self.fail("partitions could not be taken over", exc)

    @property
    def ready(self) -> bool:
        """Whether this process reads all that is assigned to it, which may be nothing."""
        return self.holding is not None and (self.holding.is_open or not self.holding.lanes)

    @property
    def in_hand(self) -> bool:
        """Whether something may be under way that is to be finished: partitions are read, or are being let go."""
        return self._letting_go.locked() or (self.holding is not None and bool(self.holding.starts))

    def lags(self) -> dict[TopicPartition, int]:
        """How many offsets each partition that is held is behind the end of committed records, where that is known."""
        if self.holding is None or not self.holding.is_open:
            return {}
        ends = {tp: self._transport.seen(tp).end for tp in self.holding.lanes}
        return {tp: max(0, end - self.holding.lanes[tp].done) for tp, end in ends.items() if end is not None}

    def _signs(self) -> Mapping[str, Sign]:
        if self.holding is None:
            return {"joining the group": Sign(self.app.consumer_generation_id)}
        return self.holding.signs(self._transport.seen)

    def shut(self) -> None:
        """Read no more of what is held."""
        if self.holding is not None:
            self.holding.shut()

    def open(self) -> None:
        """Begin to read what is held."""
        if self.holding is not None:
            self.holding.open()

    async def let_go(self) -> None:
        """Finish what is being published, and hold nothing."""
        async with self._letting_go:  # whoever asks second waits, too
            holding, self.holding = self.holding, None
            if holding is not None:
                await holding.close()

    def _publisher(self, tp: TopicPartition) -> Publisher:
        options = self.options
        return Publisher(
            tp, options.app_id, options.client, timeout=options.transaction_timeout, max_batch=options.max_batch
        )

    def _lane(self, tp: TopicPartition, publisher: Publisher) -> Lane:
        stage, table = self._stages[tp.topic]
        return Lane(tp, stage, table, publisher, limit=self.options.slice_records, fail=self.fail)

    async def watch(self) -> None:
        """Look after progress and time, until cancelled. No task of the app's: those wait for the first recovery."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.watchdog.watch())
            tasks.create_task(self._nudge_on())

    async def _nudge_on(self) -> None:
        while True:
            await asyncio.sleep(self.options.nudge_interval)
            if self._transport.refusal is not None:
                self.fail("the group could not be joined", self._transport.refusal)
            if self.holding is not None:
                self.holding.nudge(self._transport.seen)
