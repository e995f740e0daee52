"""The partitions that this process holds: it takes them over when the group assigns them, and lets them go when the
group revokes them.
"""

import asyncio
from collections.abc import Callable, Collection, Iterable

from correlator.engine.holding import Holding
from correlator.engine.kafka import Kafka
from correlator.engine.lane import LostSlice, NotRecovered
from correlator.engine.membership import Membership
from correlator.engine.slices import Slice, TopicPartition


class Assignments:
    """Holds one assignment after another, each as a `Holding`."""

    def __init__(
        self,
        topics: Collection[str],
        hold: Callable[[Iterable[TopicPartition], Membership, Kafka], Holding],
        *,
        fail: Callable[[str, BaseException], None],
    ) -> None:
        """``topics``: those that stages read. ``hold``: makes a holding of partitions. ``fail``: ends the process."""
        self.topics = topics
        self._hold, self._fail = hold, fail
        self.holding: Holding | None = None
        """None while this process belongs to no generation of the group."""
        self._letting_go = asyncio.Lock()

    async def take_over(
        self, assigned: Iterable[TopicPartition], membership: Membership, kafka: Kafka
    ) -> Holding | None:
        """Hold the stream partitions among ``assigned``, ready for recovery."""
        try:  # aiokafka would log an exception of this callback, and wait for the next rebalance
            await self.let_go()
            self.holding = self._hold(sorted(tp for tp in assigned if tp.topic in self.topics), membership, kafka)
            await self.holding.take_over()
        except Exception as exc:  # noqa: BLE001 - whatever it is, it must not be survived
            self._fail("could not take over the assigned partitions", exc)
        return self.holding

    async def seek(self, *, stopping: Callable[[], bool]) -> None:
        """Begin every partition at its committed offset; Faust has finished recovery. ``stopping``: whether the app is
        stopping, so that this may be cancelled.
        """
        holding = self.holding
        if holding is None:
            return
        try:
            await holding.seek()
        except NotRecovered as exc:
            self._fail("the tables could not be recovered", exc)
        except asyncio.CancelledError:
            if not (holding.is_closed or stopping()):  # Faust would continue as if it were done
                self._fail("could not seek the assigned partitions", TimeoutError("Kafka did not answer in time"))
            raise
        except Exception as exc:
            if holding.is_closed:  # a rebalance came in between, and Faust knows
                raise
            self._fail("could not seek the assigned partitions", exc)

    def open(self) -> None:
        """Begin to read what is held."""
        if self.holding is not None:
            self.holding.open()

    def offer(self, holding: object, slices: Iterable[Slice]) -> None:
        """Hand slices to their lanes. Slices of an earlier holding are dropped: whoever holds the partition now reads
        them.
        """
        try:
            if self.holding is not None and self.holding is holding:
                self.holding.offer(slices)
        except LostSlice as exc:
            self._fail("a slice was lost on its way to the stage", exc)

    def nudge(self) -> None:
        """Let idle stages do what is due by time."""
        if self.holding is not None:
            self.holding.nudge()

    def shut(self) -> None:
        """Read no more of what is held."""
        if self.holding is not None:
            self.holding.shut()

    async def let_go(self) -> None:
        """Finish what is being published, and hold nothing."""
        async with self._letting_go:  # a second caller waits until all is let go, too
            holding, self.holding = self.holding, None
            if holding is not None:
                await holding.close()

    @property
    def ready(self) -> bool:
        """Whether this process reads all the partitions assigned to it, if any."""
        return self.holding is not None and (self.holding.is_open or not self.holding.lanes)

    @property
    def in_hand(self) -> bool:
        """Whether something may have to be finished: partitions are read, or are being let go."""
        return self._letting_go.locked() or (self.holding is not None and bool(self.holding.starts))
