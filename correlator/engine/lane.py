"""A lane: one input partition held by this process, from the slices that wait to the offset that is committed."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator

from correlator.engine.publishing import Publisher
from correlator.engine.slices import Slice, Stage, TopicPartition, Transaction
from correlator.engine.table import CommittedTable


class LostSlice(Exception):
    """A slice does not begin where the one before it ended: records between them were dropped on the way."""


class NotRecovered(Exception):
    """A table does not reach the end of its changelog: Faust goes on when its patience ends, recovered or not."""


class Lane:
    """Processes a partition one transaction at a time; all slices that arrive meanwhile are joined into the next one.

    Without joining, slices pile up by the thousand whenever processing slows down, each with a transaction of its own
    (measured after a fault: 68 s to catch up instead of 8.5). Nothing awaits between computing a transaction and
    handing it to the publisher, so a revocation finds a slice either not begun or being published.
    """

    def __init__(
        self,
        input_: TopicPartition,
        stage: Stage,
        table: CommittedTable | None,
        publisher: Publisher,
        *,
        limit: int,
        fail: Callable[[str, BaseException], None],
    ) -> None:
        """``limit``: how many records may wait, and how many go into one slice. ``fail``: ends the process."""
        self._input, self._stage, self._table, self._publisher = input_, stage, table, publisher
        self.changelog = None if table is None else TopicPartition(table.changelog_topic_name, input_.partition)
        """The partition that the changes go to, if the stage has a table."""
        self._limit, self._fail = limit, fail
        self._waiting: deque[Slice] = deque()
        self._waiting_records = 0
        self._offered = self._done = self._committed = self._steps = 0
        self._running: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def has_room(self) -> bool:
        """Whether more records may be read. Also asked from the consumer's thread."""
        return self._waiting_records < self._limit

    @property
    def done(self) -> int:
        """The offset up to which the partition is processed and, except for slices without a result, committed."""
        return self._done

    @property
    def steps(self) -> int:
        """How many transactions, empty ones included, loading the partition and processing its slices took so far.

        Those of an idle stage do not count unless a slice waits: they come in any case, and would hide a stalled fetch.
        """
        return self._steps

    @property
    def recovered(self) -> int | None:
        """The changelog offset up to which the table is recovered; None if nothing is."""
        return None if self._table is None else self._table.store.offset(self._input.partition)

    def reconcile(self, beginning: int, end: int) -> str | None:
        """Forget what the table has of the partition if the changelog, from ``beginning`` to ``end``, cannot complete
        it; says why.
        """
        return None if self._table is None else self._table.reconcile(self._input.partition, beginning, end)

    def require_recovered(self, beginning: int, end: int) -> None:
        """Raise `NotRecovered` where the table does not show all that the changelog holds."""
        recovered = beginning - 1 if self.recovered is None else self.recovered
        if self.changelog is not None and recovered < end - 1:
            raise NotRecovered(f"{self.changelog} was read up to {recovered} of {end - 1}")

    async def fence(self) -> None:
        """Fence the partition's previous owner; its open transaction has ended when this returns."""
        await self._publisher.start()

    def open(self, start: int) -> None:
        """Begin at ``start``, the table being recovered."""
        self._offered = self._done = self._committed = start
        self._go_on(self._stage.assigned(self._input.partition, start))

    def offer(self, slice_: Slice) -> None:
        """Queue a slice. Raises `LostSlice`."""
        if slice_.start != self._offered:
            raise LostSlice(f"{self._input} went on at {slice_.start} instead of {self._offered}")
        self._offered = slice_.end
        self._waiting.append(slice_)
        self._waiting_records += len(slice_.records)
        self._go_on(self._slices())

    def nudge(self, end: int | None) -> None:
        """Let the stage do what is due by time, if no slice waits. ``end``: where committed records end, if known."""
        if self._running is None and not self._closed:
            caught_up = end is not None and self._done >= end
            self._go_on(self._stage.idle(self._input.partition, self._done, caught_up=caught_up), idle=True)

    async def close(self) -> None:
        """Finish the transaction under way, commit, and drop what waits: the next owner of the partition reads it."""
        self._closed = True
        if self._running is not None:
            await self._running
        self._waiting.clear()
        self._waiting_records = 0
        try:
            await self._settle()
        except Exception as exc:  # noqa: BLE001 - whatever it is, it must not be survived
            self._fail(f"could not let go of {self._input}", exc)
        self._stage.revoked(self._input.partition)
        await self._publisher.stop()

    def _go_on(self, transactions: Iterator[Transaction], *, idle: bool = False) -> None:
        if self._running is None and not self._closed:
            self._running = asyncio.create_task(self._run(transactions, idle=idle))

    async def _run(self, transactions: Iterator[Transaction], *, idle: bool) -> None:
        try:
            while not self._closed and (transaction := next(transactions, None)) is not None:
                await self._commit(transaction)
                if not idle or self._waiting:
                    self._steps += 1
            if idle:
                await self._settle()
        except Exception as exc:  # noqa: BLE001 - whatever it is, it must not be survived
            self._fail(f"could not process {self._input}", exc)
        self._running = None
        if self._waiting:
            self._go_on(self._slices())

    def _slices(self) -> Iterator[Transaction]:
        while self._waiting:
            yield from self._stage(self._take())

    def _take(self) -> Slice:
        """All waiting slices, up to the limit, as one."""
        first = last = self._waiting.popleft()
        records = list(first.records)
        while self._waiting and len(records) + len(self._waiting[0].records) <= self._limit:
            last = self._waiting.popleft()
            records += last.records
        self._waiting_records -= len(records)
        return first._replace(end=last.end, records=records)

    async def _commit(self, transaction: Transaction) -> None:
        if transaction.messages or transaction.changes:
            await self._publish(transaction)
        else:
            await asyncio.sleep(0)  # an empty transaction only yields to the event loop
        self._done = transaction.end
        if transaction.committed is not None:
            transaction.committed()

    async def _settle(self) -> None:
        """Commit the offset of slices without a result, which are not worth a transaction each."""
        if self._committed < self._done:
            await self._publish(Transaction((), {}, self._done))

    async def _publish(self, transaction: Transaction) -> None:
        offset = await self._publisher.publish(transaction, self.changelog)
        if self._table is not None and transaction.changes:
            self._table.commit(self._input.partition, transaction.changes, offset)
        self._committed = transaction.end
