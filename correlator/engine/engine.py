"""The engine runs stages in a Faust app. Each stage takes a slice of records at a time, and the steps of all stages are
committed together.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import cast
from uuid import uuid4

from faust.tables.manager import TableManager

from correlator.engine import seams
from correlator.engine.assignments import Assignments
from correlator.engine.beats import Beats
from correlator.engine.brokers import Brokers
from correlator.engine.consumer import SliceTransport
from correlator.engine.holding import Holding
from correlator.engine.kafka import Kafka
from correlator.engine.lane import Lane
from correlator.engine.membership import Membership
from correlator.engine.options import Options, faust_app
from correlator.engine.progress import Sign, Standstill
from correlator.engine.publishing import Producer
from correlator.engine.roster import Member, Roster
from correlator.engine.slices import Stage, TopicPartition
from correlator.engine.store import Store
from correlator.engine.strangers import end_strangers
from correlator.engine.table import CommittedTable
from correlator.engine.watchdog import Watchdog


class Engine:
    """Stages, each reading a topic, in one Faust app.

    Faust does what it is good at: group membership, co-partitioned assignment, recovery. ``fail`` is called with the
    error when memory may differ from what is durable; it must end the process.
    """

    def __init__(self, options: Options, *, fail: Callable[[str, BaseException], None]) -> None:
        """Raises `TakenAway` if the installed release of Faust or aiokafka does not work with this one."""
        seams.check()
        self.options = options
        self.fail = fail
        self._stages: dict[str, tuple[Stage, CommittedTable | None]] = {}
        self.id = f"{options.worker_ids}{options.instance_id or uuid4().hex[:12]}"
        """Its transactional id, and its client id in the group."""
        self._producer: Producer | None = None
        self._roster: Roster | None = None
        self.assignments = Assignments(self._stages.keys(), self._hold, fail=fail)
        self.app = faust_app(options, self.id)
        self._transport = SliceTransport(
            self.app.conf.broker_consumer,
            self.app,
            assignments=self.assignments,
            options=options,
            brokers=lambda: self._brokers,
        )
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

    async def start(self) -> None:
        """Take the transactional id, before the group is joined: whatever a process of the same name has left open has
        ended then. Raises `NotPermitted`, and aiokafka's errors.
        """
        options = self.options
        self._producer = Producer(
            self.id,
            options.client,
            timeout=options.transaction_timeout,
            max_batch=options.max_batch,
            permission=f"the prefix {options.worker_ids}",
        )
        await self._producer.start()
        self._roster = Roster(self._brokers.group)
        for topic in self._stages:  # Faust must know no more of them: there are no agents
            self.app.topics.add(self.app.topic(topic, acks=False))

    async def stop(self) -> None:
        """Close the connections; everything must be committed."""
        if self._producer is not None:
            await self._producer.stop()

    @property
    def ready(self) -> bool:
        """Whether this process reads all the partitions assigned to it, if any."""
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
        """How many offsets of changelogs must be read before the assigned partitions can be; 0 once these are read."""
        holding = self.assignments.holding
        if holding is None or holding.is_open:
            return 0
        return max(0, cast(TableManager, self.app.tables).recovery.active_remaining_total())

    async def members(self) -> Sequence[Member] | None:
        """The members of the group, us included, as of its last rebalance; None while they are unknown."""
        return None if self._roster is None else await self._roster.members()

    def lags(self) -> dict[TopicPartition, int]:
        """By how many offsets each partition that is read is behind its committed records. Partitions for which that is
        unknown are left out.
        """
        holding = self.assignments.holding
        return {} if holding is None else holding.lags()

    def uncommitted(self) -> dict[TopicPartition, int]:
        """How many offsets of each partition that is read lie between its last stable offset and its high watermark:
        an open transaction, of intake or of another producer, holds them back. Partitions for which that is unknown are
        left out.
        """
        holding = self.assignments.holding
        return {} if holding is None else holding.uncommitted()

    async def watch(self) -> None:
        """Watch progress and nudge stages, until cancelled. This is no task of the app, as those begin only after the
        first recovery.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.watchdog.watch())
            tasks.create_task(self._nudge_on())

    async def _nudge_on(self) -> None:
        while True:
            await asyncio.sleep(self.options.nudge_interval)
            if self._transport.refusal is not None:
                self.fail("the group does not take this process", self._transport.refusal)
            self.assignments.nudge()

    def _signs(self) -> Mapping[str, Sign]:
        holding = self.assignments.holding
        return {"joining the group": Sign(self.app.consumer_generation_id)} if holding is None else holding.signs()

    def _hold(self, partitions: Iterable[TopicPartition], membership: Membership, kafka: Kafka) -> Holding:
        options, brokers, producer = self.options, self._brokers, self._producer
        assert producer is not None

        def beats(lanes: Iterable[Lane]) -> Beats:
            return Beats(
                lanes,
                producer,
                membership,
                apart=options.beats_apart,
                fail=self.fail,
            )

        return Holding(
            [Lane(tp, *self._stages[tp.topic], limit=options.slice_records) for tp in partitions],
            kafka,
            brokers,
            beats=beats,
            end_strangers=lambda: end_strangers(brokers, options.worker_ids),
        )

    @property
    def _brokers(self) -> Brokers:
        assert self._producer is not None, "start() comes before the group is joined"
        return Brokers(self._producer.client, self.options.app_id)
