"""What this process holds between an assignment and its revocation, and how it takes over."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping

from correlator.engine.lane import Lane
from correlator.engine.progress import Sign
from correlator.engine.publishing import Publisher
from correlator.engine.slices import Seen, Slice, TopicPartition

log = logging.getLogger(__name__)


class Holding:
    """The lanes of one assignment. The order of taking over, which Faust alone gets wrong, so that records are lost or
    decided twice:

    1. `take_over`: fence whoever held the partitions, also those that we held: another may have had them meanwhile;
    2. Faust recovers the tables, whose changelogs nobody else writes any more;
    3. `seek`: the committed offsets, final since 1, are where reading begins;
    4. `open`: reading begins, when Faust has emptied its queues for the last time.
    """

    def __init__(self, lanes: Mapping[TopicPartition, Lane], publishers: Iterable[Publisher]) -> None:
        self.lanes = lanes
        self.starts: Mapping[TopicPartition, int] = {}
        self._publishers = tuple(publishers)
        self._open = False

    async def take_over(self) -> None:
        """Fence every partition's owner before us."""
        await asyncio.gather(*(publisher.start() for publisher in self._publishers))

    def seek(self, starts: Mapping[TopicPartition, int]) -> None:
        """The tables are recovered and the reading is sought to ``starts``, one for each lane."""
        for tp, lane in self.lanes.items():
            lane.open(starts[tp])
        self.starts = starts

    def open(self) -> None:
        """Let the reading begin, if it was sought. Faust resumes the flow more than once on the way there."""
        if self.starts and not self._open:
            self._open = True
            log.info("holds %s", ", ".join(f"{topic}-{partition}" for topic, partition in sorted(self.lanes)))

    def shut(self) -> None:
        """Stop the reading: the partitions are being revoked."""
        self._open = False

    @property
    def is_open(self) -> bool:
        return self._open

    def reads(self, tp: TopicPartition) -> bool:
        lane = self.lanes.get(tp)
        return self._open and lane is not None and lane.has_room

    @property
    def full(self) -> bool:
        return not all(lane.has_room for lane in self.lanes.values())

    def offer(self, slice_: Slice) -> None:
        if self._open:
            self.lanes[TopicPartition(slice_.topic, slice_.partition)].offer(slice_)

    def nudge(self, seen: Callable[[TopicPartition], Seen]) -> None:
        if self._open:
            for tp, lane in self.lanes.items():
                lane.nudge(seen(tp).end)

    def signs(self, seen: Callable[[TopicPartition], Seen]) -> dict[str, Sign]:
        """The signs of progress: of recovery as a whole, then of each partition's lane and of Kafka's answers about it.

        Recovery has one sign for all partitions: those without a table, or recovered early, wait for the others.
        """
        if not self._open:
            return {"taking over": Sign(tuple(lane.recovered for lane in self.lanes.values()))} if self.lanes else {}
        signs: dict[str, Sign] = {}
        for tp, lane in self.lanes.items():
            name = f"{tp.topic}-{tp.partition}"
            end, at = seen(tp)
            signs[name] = Sign(lane.steps, at_rest=end is not None and lane.done >= end)
            signs[f"Kafka's answers about {name}"] = Sign(at, at_rest=not lane.has_room)
        return signs

    async def close(self) -> None:
        """Finish and commit what is being published, and let the partitions go."""
        self.shut()
        await asyncio.gather(*(lane.close() for lane in self.lanes.values()))
        await asyncio.gather(*(publisher.stop() for publisher in self._publishers))
