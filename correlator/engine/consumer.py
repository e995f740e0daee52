"""Faust's consumer, with the engine told of every assignment, revocation and seek."""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from faust.transport.drivers.aiokafka import Consumer, Transport
from faust.types import TP

from correlator.engine.holding import Holding
from correlator.engine.lane import Lane
from correlator.engine.reading import SliceThread
from correlator.engine.slices import Seen, TopicPartition

if TYPE_CHECKING:  # it imports us
    from correlator.engine.engine import Engine


class SliceConsumer(Consumer):
    """Where Faust and the engine meet. The offsets are the transactions': Faust acks and commits nothing
    (``acks=False``).
    """

    transport: "SliceTransport"
    _thread: SliceThread

    def _new_consumer_thread(self) -> SliceThread:
        thread = SliceThread(self, loop=self.loop, beacon=self.beacon)
        thread.streams = self.transport.engine.topics
        return thread

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Stop reading at once; `wait_empty` then finishes what is being published."""
        self.transport.engine.shut()
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Fence the owners before us, and only then look at changelog ends and committed offsets."""
        engine = self.transport.engine
        await engine.take_over(assigned)
        await self._reconcile(engine.holding)
        self._thread.tenure = engine.holding
        await super().on_partitions_assigned(assigned, generation_id)

    async def _reconcile(self, holding: Holding | None) -> None:
        """What lies here of a changelog must be what it begins with, before recovery goes on from it."""
        lanes = {} if holding is None else _changelogs(holding)
        if not lanes:
            return
        try:
            beginnings, ends = await self._reach(*lanes)
            for tp, lane in lanes.items():
                if (warning := lane.reconcile(beginnings[tp], ends[tp])) is not None:
                    self.log.warning("%s", warning)
        except Exception as exc:  # noqa: BLE001 - aiokafka would log it, and wait for the next rebalance
            self.transport.engine.fail("state and changelogs could not be compared", exc)

    async def perform_seek(self) -> None:
        """Seek every stream partition to its committed offset, or to its beginning.

        Faust calls this at the end of recovery, which counts; and from a fetch that finds the flow stopped, which does
        not: recovery will come. Faust leaves a partition without a committed offset where it is, and what was read of
        it and dropped is lost.
        """
        engine = self.transport.engine
        holding = engine.holding
        if holding is None or not (self.flow_active or not self.app.tables.changelog_topics):
            return
        try:
            await self._seek_streams(holding)
        except asyncio.CancelledError:
            if holding is engine.holding and not self.should_stop:  # Faust would go on as if it were done
                engine.fail("partitions could not be sought", TimeoutError("Kafka did not answer in time"))
            raise

    async def _seek_streams(self, holding: Holding) -> None:
        await super().perform_seek()
        mine = [TP(*tp) for tp in holding.lanes]
        changelogs = _changelogs(holding)
        beginnings, ends = await self._reach(*mine, *changelogs)
        for tp, lane in changelogs.items():
            recovered = beginnings[tp] - 1 if lane.recovered is None else lane.recovered
            if recovered < ends[tp] - 1:  # Faust goes on where its patience ends, recovered or not
                self.transport.engine.fail(
                    f"{tp.topic}-{tp.partition} was not recovered",
                    TimeoutError(f"read to {recovered} of {ends[tp] - 1}"),
                )
        starts = {tp: self._committed_offset[tp] for tp in mine}
        for tp, committed in starts.items():
            if committed is not None and committed > ends[tp]:
                self.log.warning("%s-%s ends before its committed offset: it was made anew; reading it whole", *tp)
        afresh = {tp: beginnings[tp] for tp, offset in starts.items() if offset is None or offset > ends[tp]}
        await self.seek_wait(afresh)
        if holding is self.transport.engine.holding:
            holding.seek(
                {TopicPartition(*tp): offset for tp, offset in (starts | afresh).items() if offset is not None}
            )

    async def _reach(self, *tps: TP) -> tuple[Mapping[TP, int], Mapping[TP, int]]:
        """Where partitions begin, and where they end."""
        beginnings, ends = await asyncio.gather(self.earliest_offsets(*tps), self.highwaters(*tps))
        return beginnings, ends

    def resume_flow(self) -> None:
        """Reading begins here, not at the seek: before this, Faust empties the streams' queues once more."""
        super().resume_flow()
        self.transport.engine.open()

    def seen(self, tp: TopicPartition) -> Seen:
        """What the last fetch saw of an assigned partition."""
        consumer = self._thread._ensure_consumer()
        return Seen(consumer.last_stable_offset(tp), consumer.last_poll_timestamp(tp))

    @property
    def refusal(self) -> BaseException | None:
        """Why the group does not take us, where that is for good. aiokafka tells only who polls, and Faust does not."""
        coordinator = getattr(self._thread._consumer, "_coordinator", None)
        return getattr(coordinator, "_pending_exception", None)

    async def wait_empty(self) -> None:
        """Called with the flow stopped, when partitions are revoked and when the app stops."""
        await self.transport.engine.let_go()


def _changelogs(holding: Holding) -> dict[TP, Lane]:
    """The lanes that have a changelog, by its partition."""
    return {TP(*lane.changelog): lane for lane in holding.lanes.values() if lane.changelog is not None}


class SliceTransport(Transport):
    """The transport that an app of the engine uses."""

    Consumer = SliceConsumer

    def __init__(self, *args: Any, engine: "Engine", **kwargs: Any) -> None:
        self.engine = engine
        super().__init__(*args, **kwargs)

    @property
    def refusal(self) -> BaseException | None:
        """Why the group does not take us, where that is for good."""
        return self.app.consumer.refusal if isinstance(self.app.consumer, SliceConsumer) else None

    def seen(self, tp: TopicPartition) -> Seen:
        """What the last fetch saw of a partition."""
        consumer = self.app.consumer
        with contextlib.suppress(AssertionError):  # aiokafka asserts that it is assigned: it is being revoked
            if isinstance(consumer, SliceConsumer):
                return consumer.seen(tp)
        return Seen()
