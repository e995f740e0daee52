"""The engine: stages in a Faust app, which take a slice of records at a time, each slice in a transaction."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import Any, cast

from faust.tables.manager import TableManager

from correlator.engine import seams
from correlator.engine.assignments import Assignments
from correlator.engine.consumer import SliceTransport
from correlator.engine.lane import Lane
from correlator.engine.options import Options, faust_app
from correlator.engine.progress import Sign, Standstill
from correlator.engine.publishing import Publisher
from correlator.engine.slices import Stage, TopicPartition
from correlator.engine.store import Store
from correlator.engine.table import CommittedTable
from correlator.engine.watchdog import Watchdog


class Engine:
    """Stages, each reading a topic, in one Faust app.

    Faust does what it is good at: group membership, co-partitioned assignment, recovery. ``fail`` is called, with what
    went wrong, when memory may differ from what is durable; it must end the process.
    """

    def __init__(self, options: Options, *, fail: Callable[[str, BaseException], None]) -> None:
        """Raises `TakenAway`, where Faust or aiokafka is of a release that does not go with this one."""
        seams.check()
        self.options = options
        self.fail = fail
        self._stages: dict[str, tuple[Stage, CommittedTable | None]] = {}
        self.assignments = Assignments(self._stages.keys(), self._lane, fail=fail)
        self.app = faust_app(options)
        self._transport = SliceTransport(self.app.conf.broker_consumer, self.app, assignments=self.assignments)
        self.app.transport = self._transport
        self.watchdog = Watchdog(self._signs, limit=options.stall_limit, fail=fail)

    def add_table(self, name: str, store: Store, partitions: int) -> CommittedTable:
        """Add a table to the app; the stage that uses it must read a topic with as many partitions."""
        table = CommittedTable(self.app, name=name, store=store, partitions=partitions, fail=self.fail)
        self.app.tables.add(table)
        return table

    def add_stage(self, topic: str, stage: Stage, table: CommittedTable | None = None) -> None:
        """Let ``stage`` process the slices of ``topic``; the changes that it yields go to ``table``."""
        self._stages[topic] = (stage, table)
        source = self.app.topic(topic, key_serializer="raw", value_serializer="raw", acks=False)

        async def read(stream: Any) -> None:
            async for event in stream.noack().events():
                # One of an earlier assignment is read by whoever holds the partition now.
                if event.message.generation_id == self.app.consumer_generation_id:
                    self.assignments.offer(event.message.value)

        self.app.agent(source, name=f"slices of {topic}")(read)

    @property
    def ready(self) -> bool:
        """Whether this process reads all that is assigned to it, which may be nothing."""
        return self.assignments.ready

    @property
    def standstill(self) -> Standstill:
        """What has not moved for longest though there is something to do."""
        return self.watchdog.standstill

    @property
    def topics(self) -> Collection[str]:
        """The topics that stages read."""
        return self.assignments.topics

    @property
    def to_recover(self) -> int:
        """How many offsets of changelogs must still be read before what is assigned can be; 0 once it is."""
        holding = self.assignments.holding
        if holding is None or holding.is_open:
            return 0
        return max(0, cast(TableManager, self.app.tables).recovery.active_remaining_total())

    def lags(self) -> dict[TopicPartition, int]:
        """How many offsets each partition that is read is behind the end of its committed records, where that is
        known.
        """
        holding = self.assignments.holding
        return {} if holding is None else holding.lags()

    def uncommitted(self) -> dict[TopicPartition, int]:
        """How many offsets of each partition that is read lie between its last stable offset and its high watermark,
        where they are known: an open transaction holds them back, somebody else's or of the stage before.
        """
        holding = self.assignments.holding
        return {} if holding is None else holding.uncommitted()

    async def watch(self) -> None:
        """Watch progress and nudge stages until cancelled. Not a task of the app: those wait for the first recovery."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.watchdog.watch())
            tasks.create_task(self._nudge_on())

    async def _nudge_on(self) -> None:
        while True:
            await asyncio.sleep(self.options.nudge_interval)
            if self._transport.refusal is not None:
                self.fail("the group could not be joined", self._transport.refusal)
            self.assignments.nudge()

    def _signs(self) -> Mapping[str, Sign]:
        holding = self.assignments.holding
        return {"joining the group": Sign(self.app.consumer_generation_id)} if holding is None else holding.signs()

    def _lane(self, tp: TopicPartition) -> Lane:
        stage, table = self._stages[tp.topic]
        return Lane(tp, stage, table, self._publisher(tp), limit=self.options.slice_records, fail=self.fail)

    def _publisher(self, tp: TopicPartition) -> Publisher:
        options = self.options
        return Publisher(
            tp, options.app_id, options.client, timeout=options.transaction_timeout, max_batch=options.max_batch
        )
