"""Faust's consumer: it passes every assignment, seek and revocation on to the engine, and asks Kafka on its behalf."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from faust.transport.drivers.aiokafka import Consumer, Transport
from faust.types import TP

from correlator.engine.assignments import Assignments
from correlator.engine.brokers import Brokers
from correlator.engine.heartbeats import name_in_heartbeats, refusal
from correlator.engine.kafka import Extent, Fetched
from correlator.engine.membership import Membership
from correlator.engine.options import Options
from correlator.engine.reading import SliceThread
from correlator.engine.slices import TopicPartition


class SliceConsumer(Consumer):
    """Where Faust and the engine meet: the methods are in the order in which Faust calls them. Offsets are committed
    by the transactions; Faust acks and commits nothing (``acks=False``).
    """

    transport: "SliceTransport"
    _thread: SliceThread

    def _new_consumer_thread(self) -> SliceThread:
        thread = SliceThread(self, loop=self.loop, beacon=self.beacon)
        thread.streams = self._assignments.topics
        thread.hand_over = self._assignments.offer
        thread.fetches_apart = self.transport.options.fetches_apart
        thread.lookup_timeout = self.transport.options.lookup_timeout
        return thread

    @property
    def _assignments(self) -> Assignments:
        return self.transport.assignments

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Take the partitions over, before Faust looks up where the changelogs end."""
        options = self.transport.options
        # The member id is noted now: later, the client may belong to another generation, or to none.
        coordinator: Any = self._thread._ensure_consumer()._coordinator
        name_in_heartbeats(coordinator)
        membership = Membership(options.app_id, generation_id, coordinator.member_id, options.instance_id)
        partitions = {TopicPartition(*tp) for tp in assigned}
        self._thread.holding = await self._assignments.take_over(partitions, membership, self)
        await super().on_partitions_assigned(assigned, generation_id)

    async def perform_seek(self) -> None:
        """Seek the stream partitions, if recovery is done.

        Faust calls this at the end of recovery, and also from a fetch that finds the flow stopped. The second call must
        do nothing, as recovery is still to come.
        """
        if self.flow_active or not self.app.tables.changelog_topics:
            await self._assignments.seek(stopping=lambda: self.should_stop or self.app.should_stop)

    def resume_flow(self) -> None:
        """Begin reading. The seek would be too early: after it, Faust empties the streams' queues once more."""
        super().resume_flow()
        self._assignments.open()

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Stop reading, and finish what is being published, before the group is joined again."""
        self._assignments.shut()
        await self._assignments.let_go()  # Faust does not always: an app that stops leaves the group at once
        await super().on_partitions_revoked(revoked)

    async def wait_empty(self) -> None:
        """Let go of all partitions. Faust calls this with the flow stopped, for a revocation and when the app stops."""
        await self._assignments.let_go()

    async def highwaters(self, *partitions: TP) -> Mapping[TP, int]:
        """The high watermarks, up to which Faust recovers. aiokafka would give a reader of committed records the last
        stable offsets, and transactions that are being committed lie beyond those.
        """
        async with self._patience():
            ends = await self.transport.brokers().ends([TopicPartition(*tp) for tp in partitions])
        return {TP(*tp): end for tp, end in ends.items()}

    async def earliest_offsets(self, *partitions: TP) -> Mapping[TP, int]:
        """The offsets at which partitions begin. The consumer's own connection is not used: it may be waiting for a
        fetch.
        """
        async with self._patience():
            beginnings = await self.transport.brokers().beginnings([TopicPartition(*tp) for tp in partitions])
        return {TP(*tp): beginning for tp, beginning in beginnings.items()}

    def _patience(self) -> asyncio.Timeout:
        """A timeout that is shorter than Faust's. If Faust's expired, its recovery would end silently, and nothing
        would be read any more.
        """
        return asyncio.timeout(self.transport.options.lookup_timeout)

    # The methods of `Kafka`

    async def extents(self, *tps: TopicPartition) -> Mapping[TopicPartition, Extent]:
        """Which offsets partitions hold."""
        partitions = [TP(*tp) for tp in tps]
        beginnings, ends = await asyncio.gather(self.earliest_offsets(*partitions), self.highwaters(*partitions))
        return {TopicPartition(*tp): Extent(beginnings[tp], ends[tp]) for tp in partitions}

    async def read_from(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Seek partitions to offsets."""
        await self.seek_wait({TP(*tp): offset for tp, offset in offsets.items()})

    def fetched(self, tp: TopicPartition) -> Fetched:
        """What the last fetch of a partition said besides the records."""
        with contextlib.suppress(AssertionError):  # aiokafka asserts that it is assigned: it is being revoked
            consumer = self._thread._ensure_consumer()
            return Fetched(consumer.last_stable_offset(tp), consumer.highwater(tp), consumer.last_poll_timestamp(tp))
        return Fetched()

    @property
    def refusal(self) -> BaseException | None:
        """Why the group refuses this process for good; None if it does not."""
        return refusal(getattr(self._thread._consumer, "_coordinator", None))


class SliceTransport(Transport):
    """The transport that an app of the engine uses."""

    Consumer = SliceConsumer

    def __init__(
        self, *args: Any, assignments: Assignments, options: Options, brokers: Callable[[], Brokers], **kwargs: Any
    ) -> None:
        self.assignments, self.options, self.brokers = assignments, options, brokers
        super().__init__(*args, **kwargs)

    @property
    def refusal(self) -> BaseException | None:
        """Why the group refuses this process for good; None if it does not."""
        return self.app.consumer.refusal if isinstance(self.app.consumer, SliceConsumer) else None
