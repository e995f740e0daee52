"""The partitions of one assignment, from what their previous owners left to letting them go."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from typing import Any

from correlator.engine.beats import Beats
from correlator.engine.brokers import Brokers
from correlator.engine.kafka import Extent, Fetched, Kafka
from correlator.engine.lane import Lane
from correlator.engine.progress import Sign
from correlator.engine.slices import Slice, TopicPartition

log = logging.getLogger(__name__)


class Holding:
    """The lanes of one assignment, one for each partition. Faust by itself takes partitions over in an order that loses
    records or processes them twice; this is the right order (`docs/protocol.md`):

    1. `take_over`: note where the changelogs end, and begin to end what dead workers have left open;
    2. Faust recovers the tables up to there, or further;
    3. `seek` to the committed offsets, once these are settled;
    4. `open`: reading begins once Faust has emptied its queues for the last time.

    While it is open, slices are `offer`-ed to their lanes; `shut` ends the reading, and `close` commits what is left.
    """

    def __init__(
        self,
        lanes: Iterable[Lane],
        kafka: Kafka,
        brokers: Brokers,
        *,
        beats: Callable[[Iterable[Lane]], Beats],
        end_strangers: Callable[[], Coroutine[Any, Any, None]],
    ) -> None:
        """``beats``: begins to commit the steps of lanes. ``end_strangers``: runs until the holding is closed."""
        self.lanes = {lane.input: lane for lane in lanes}
        self.starts: Mapping[TopicPartition, int] = {}
        """The offset at which the reading of each partition begins; empty before `seek`."""
        self._kafka, self._brokers = kafka, brokers
        self._begin, self._end_strangers = beats, end_strangers
        self._changelogs = {lane.changelog: lane for lane in self.lanes.values() if lane.changelog is not None}
        self._offsets: asyncio.Task[Mapping[TopicPartition, int | None]] | None = None
        self._extents: Mapping[TopicPartition, Extent] = {}
        self._ending_strangers: asyncio.Task[None] | None = None
        self._beats: Beats | None = None
        self.is_open = False
        """Whether slices are read and processed."""
        self.is_closed = False
        """Whether the partitions have been given up, or are being given up."""

    async def take_over(self) -> None:
        """Look up what the previous owners have left, and drop local copies that their changelogs cannot complete.

        This must not wait for long: until it returns, aiokafka sends no heartbeats.
        """
        if not self.lanes:
            return
        self._ending_strangers = asyncio.create_task(self._end_strangers())
        self._offsets = asyncio.create_task(self._brokers.settled_offsets(self.lanes.keys()))
        # As it is asked after the assignment, no transaction of a previous owner can commit anything beyond it: what
        # arrives later belongs to a beat whose offsets the group refuses.
        self._extents = await self._kafka.extents(*self.lanes, *self._changelogs)
        for changelog, lane in self._changelogs.items():
            if (warning := lane.reconcile(*self._extents[changelog])) is not None:
                log.warning("%s", warning)

    async def seek(self) -> None:
        """Begin every lane at its committed offset, or at the beginning of its partition. The tables must be recovered.

        Raises `NotRecovered`.
        """
        if self._offsets is None or not self._extents:  # without tables, Faust may seek this early
            return
        for changelog, lane in self._changelogs.items():
            lane.require_recovered(*self._extents[changelog])
        await asyncio.wait({self._offsets})  # not awaited itself: `close` cancels it, which would end Faust's recovery
        if self._offsets.cancelled():
            return
        committed = self._offsets.result()
        starts = {tp: _start(tp, committed[tp], self._extents[tp]) for tp in self.lanes}
        await self._kafka.read_from(starts)
        if self._is_overtaken:
            return
        for tp, lane in self.lanes.items():
            lane.open(starts[tp])
        self._beats = self._begin(self.lanes.values())
        self._beats.want()
        self.starts = starts

    @property
    def _is_overtaken(self) -> bool:
        """Whether a rebalance came in between, or another seek."""
        return self.is_closed or self._beats is not None

    def open(self) -> None:
        """Begin reading, if the starts are sought: Faust resumes the flow several times before that."""
        if self.starts and not self.is_open:
            self.is_open = True
            log.info("holds %s", ", ".join(map(str, sorted(self.lanes))))

    def shut(self) -> None:
        """End the reading at once: the partitions are being revoked."""
        self.is_open = False

    async def close(self) -> None:
        """Finish and commit what is being published, and give the partitions up."""
        self.is_closed = True
        self.shut()
        for task in (self._ending_strangers, self._offsets):
            if task is not None:
                task.cancel()
        if self._beats is not None:
            await self._beats.close()

    def reads(self, tp: TopicPartition) -> bool:
        """Whether a partition may be read now. Asked from the consumer's thread, too."""
        lane = self.lanes.get(tp)
        return self.is_open and lane is not None and lane.has_room

    @property
    def full(self) -> bool:
        """Whether any lane has no room."""
        return not all(lane.has_room for lane in self.lanes.values())

    def offer(self, slices: Iterable[Slice]) -> None:
        """Hand slices to their lanes. Raises `LostSlice`."""
        if self.is_open and self._beats is not None:
            for slice_ in slices:
                self.lanes[TopicPartition(slice_.topic, slice_.partition)].offer(slice_)
            self._beats.want()

    def nudge(self) -> None:
        """Let idle lanes do what is due by time."""
        for _, lane, fetched in self._fetched():
            lane.nudge(fetched.last_stable_offset)
        if self.is_open and self._beats is not None:
            self._beats.want(settle=True)

    def lags(self) -> dict[TopicPartition, int]:
        """By how many offsets each partition is behind the end of its committed records, if that is known."""
        return {
            tp: max(0, fetched.last_stable_offset - lane.done)
            for tp, lane, fetched in self._fetched()
            if fetched.last_stable_offset is not None
        }

    def uncommitted(self) -> dict[TopicPartition, int]:
        """How many offsets of each partition lie between its last stable offset and its high watermark, if those are
        known. They cannot be read before the oldest open transaction ends.
        """
        return {
            tp: max(0, fetched.high_watermark - fetched.last_stable_offset)
            for tp, lane, fetched in self._fetched()
            if fetched.last_stable_offset is not None and fetched.high_watermark is not None
        }

    def signs(self) -> dict[str, Sign]:
        """Signs of progress: of recovery as a whole, then of each partition's lane and of Kafka's answers about it.

        Recovery has one sign for all partitions: those without a table, or recovered early, wait for the others.
        """
        if not self.is_open:
            return {"taking over": Sign(tuple(lane.recovered for lane in self.lanes.values()))} if self.lanes else {}
        signs: dict[str, Sign] = {}
        for tp, lane, fetched in self._fetched():
            end = fetched.last_stable_offset
            signs[str(tp)] = Sign(lane.steps, at_rest=end is not None and lane.done >= end)
            signs[f"Kafka's answers about {tp}"] = Sign(fetched.at, at_rest=not lane.has_room)
        return signs

    def _fetched(self) -> Iterator[tuple[TopicPartition, Lane, Fetched]]:
        """Each partition with its lane and its last fetch; none while nothing is read."""
        if self.is_open:
            for tp, lane in self.lanes.items():
                yield tp, lane, self._kafka.fetched(tp)


def _start(tp: TopicPartition, committed: int | None, extent: Extent) -> int:
    """The offset at which the reading of a partition begins."""
    if committed is not None and committed <= extent.end:
        return committed
    if committed is not None:
        log.warning("%s ends before its committed offset, so it was recreated; reading it from the beginning", tp)
    return extent.beginning
