"""A lane: one input partition that this process holds, from the slices that wait to the offset that is committed."""

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
    """What waits for a partition becomes one transaction, then what came in the meantime the next.

    Without that brake, slices of a slower moment queue by the thousand, a transaction each (measured after a
    fault: 68 s to catch up instead of 8.5). Nothing awaits between computing a transaction and handing it to the
    publisher, so a revocation finds a slice not begun, or being published.
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
        """``limit``: how many records may wait, and go into one slice. ``fail``: ends the process."""
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
        """Whether more may be read for it. Asked from the consumer's thread, too."""
        return self._waiting_records < self._limit

    @property
    def done(self) -> int:
        """The offset up to which the partition is decided and, but for slices that changed nothing, committed."""
        return self._done

    @property
    def steps(self) -> int:
        """Counts the steps forward: transactions, empty ones too, of taking the partition up and of its slices.

        Not those that time asks for while no slice waits: they come at any rate, and would hide a fetch that stalls.
        """
        return self._steps

    @property
    def recovered(self) -> int | None:
        """The changelog's offset up to which the table shows it; None for not at all."""
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
            raise NotRecovered(f"{_name(self.changelog)} was read up to {recovered} of {end - 1}")

    async def fence(self) -> None:
        """Fence the partition's previous owner; its open transaction has ended when this returns."""
        await self._publisher.start()

    def open(self, start: int) -> None:
        """Begin at the partition's committed offset, with its table recovered."""
        self._offered = self._done = self._committed = start
        self._go_on(self._stage.assigned(self._input.partition, start))

    def offer(self, slice_: Slice) -> None:
        """Take a slice in. Raises `LostSlice`."""
        if slice_.start != self._offered:
            raise LostSlice(f"{slice_.topic}-{slice_.partition} went on at {slice_.start} instead of {self._offered}")
        self._offered = slice_.end
        self._waiting.append(slice_)
        self._waiting_records += len(slice_.records)
        self._go_on(self._slices())

    def nudge(self, end: int | None) -> None:
        """Let the stage do what time asks for, if nothing waits. ``end``: of the partition's committed records, if
        known.
        """
        if self._running is None and not self._closed:
            caught_up = end is not None and self._done >= end
            self._go_on(self._stage.idle(self._input.partition, self._done, caught_up=caught_up), idle=True)

    async def close(self) -> None:
        """Finish what is being published, commit, and forget what waits: whoever holds the partition next reads it."""
        self._closed = True
        if self._running is not None:
            await self._running
        try:
            await self._settle()
        except Exception as exc:  # noqa: BLE001 - whatever it is, it must not be survived
            self._fail(f"could not let go of {_name(self._input)}", exc)
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
            self._fail(f"could not process {_name(self._input)}", exc)
        self._running = None
        if self._waiting:
            self._go_on(self._slices())

    def _slices(self) -> Iterator[Transaction]:
        while self._waiting:
            yield from self._stage(self._take())

    def _take(self) -> Slice:
        """All that waits, up to the limit, as one slice."""
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
        """Commit the offset behind slices that changed nothing: they are not worth a transaction each."""
        if self._committed < self._done:
            await self._publish(Transaction((), {}, self._done))

    async def _publish(self, transaction: Transaction) -> None:
        offset = await self._publisher.publish(transaction, self.changelog)
        if self._table is not None and transaction.changes:
            self._table.commit(self._input.partition, transaction.changes, offset)
        self._committed = transaction.end


def _name(tp: TopicPartition) -> str:
    return f"{tp.topic}-{tp.partition}"
