"""The partitions of one assignment, from fencing their previous owners to letting them go."""

import asyncio
import logging
from collections.abc import Iterator, Mapping

from correlator.engine.kafka import Extent, Fetched, Kafka
from correlator.engine.lane import Lane
from correlator.engine.progress import Sign
from correlator.engine.slices import Slice, TopicPartition

log = logging.getLogger(__name__)


class Holding:
    """The lanes of one assignment, one for each partition. Faust by itself takes partitions over in an order that loses
    records or processes them twice; this is the right order:

    1. `fence` the previous owners of all partitions, also of those that were ours before: another process may have had
       them in between;
    2. `reconcile` the tables with their changelogs, which nobody else writes any more; Faust then recovers them;
    3. `seek` to the committed offsets, which are final since 1;
    4. `open`: reading begins once Faust has emptied its queues for the last time.

    While it is open, slices are `offer`-ed to their lanes; `shut` ends the reading, and `close` commits what is left.
    """

    def __init__(self, lanes: Mapping[TopicPartition, Lane], kafka: Kafka) -> None:
        self.lanes = lanes
        self.starts: Mapping[TopicPartition, int] = {}
        """Where the reading of each partition begins; empty until it is sought."""
        self._kafka = kafka
        self._changelogs = {lane.changelog: lane for lane in lanes.values() if lane.changelog is not None}
        self.is_open = False
        """Whether slices are read and processed."""
        self.is_closed = False
        """Whether the partitions have been given up, or are being given up."""

    async def fence(self) -> None:
        """Fence the previous owners: they can commit nothing more, and their open transactions have ended."""
        await asyncio.gather(*(lane.fence() for lane in self.lanes.values()))

    async def reconcile(self) -> None:
        """Drop local copies that their changelogs cannot complete, before recovery continues from them."""
        if not self._changelogs:
            return
        extents = await self._kafka.extents(*self._changelogs)
        for changelog, lane in self._changelogs.items():
            if (warning := lane.reconcile(*extents[changelog])) is not None:
                log.warning("%s", warning)

    async def seek(self) -> None:
        """Begin every lane at its committed offset, or at the beginning of its partition. The tables must be recovered.

        Raises `NotRecovered`.
        """
        committed = await self._kafka.read_from_committed(*self.lanes)
        extents = await self._kafka.extents(*self.lanes, *self._changelogs)
        for changelog, lane in self._changelogs.items():
            lane.require_recovered(*extents[changelog])
        starts = {tp: _start(tp, committed[tp], extents[tp]) for tp in self.lanes}
        await self._kafka.read_from({tp: start for tp, start in starts.items() if start != committed[tp]})
        if self.is_closed:  # a rebalance came in between
            return
        for tp, lane in self.lanes.items():
            lane.open(starts[tp])
        self.starts = starts

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
        await asyncio.gather(*(lane.close() for lane in self.lanes.values()))

    def reads(self, tp: TopicPartition) -> bool:
        """Whether a partition may be read now. Asked from the consumer's thread, too."""
        lane = self.lanes.get(tp)
        return self.is_open and lane is not None and lane.has_room

    @property
    def full(self) -> bool:
        """Whether any lane has no room."""
        return not all(lane.has_room for lane in self.lanes.values())

    def offer(self, slice_: Slice) -> None:
        """Hand a slice to its lane. Raises `LostSlice`."""
        if self.is_open:
            self.lanes[TopicPartition(slice_.topic, slice_.partition)].offer(slice_)

    def nudge(self) -> None:
        """Let idle lanes do what is due by time."""
        for _, lane, fetched in self._fetched():
            lane.nudge(fetched.last_stable_offset)

    def lags(self) -> dict[TopicPartition, int]:
        """How many offsets each partition is behind the end of its committed records, where that is known."""
        return {
            tp: max(0, fetched.last_stable_offset - lane.done)
            for tp, lane, fetched in self._fetched()
            if fetched.last_stable_offset is not None
        }

    def uncommitted(self) -> dict[TopicPartition, int]:
        """How many offsets of each partition lie between its last stable offset and its high watermark, where those are
        known: they cannot be read before the oldest open transaction ends.
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
        """Each partition with its lane and what the last fetch told of it; nothing while nothing is read."""
        if self.is_open:
            for tp, lane in self.lanes.items():
                yield tp, lane, self._kafka.fetched(tp)


def _start(tp: TopicPartition, committed: int | None, extent: Extent) -> int:
    """Where the reading of a partition begins."""
    if committed is not None and committed <= extent.end:
        return committed
    if committed is not None:
        log.warning("%s ends before its committed offset, so it was recreated; reading it from the beginning", tp)
    return extent.beginning
