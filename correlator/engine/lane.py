"""A lane: one input partition that this process holds, from the slices that wait to the offset that is committed."""

from collections import deque
from collections.abc import Iterator

from correlator.engine.slices import Slice, Stage, Step, TopicPartition
from correlator.engine.table import CommittedTable


class LostSlice(Exception):
    """A slice does not begin where the one before it ended: records between them were dropped on the way."""


class NotRecovered(Exception):
    """A table does not reach the end of its changelog. Faust's recovery has a time limit, after which it goes on
    anyway.
    """


class Lane:
    """Lets a stage make steps of a partition's slices, one step at a time; all slices that arrive meanwhile are joined
    into the next one.

    Without joining, slices pile up by the thousand whenever processing slows down, each with a transaction of its own
    (measured after a fault: 68 s to catch up instead of 8.5). No I/O: what is published when, `Beats` decides.
    """

    def __init__(self, input_: TopicPartition, stage: Stage, table: CommittedTable | None, *, limit: int) -> None:
        """``limit``: how many records may wait, and how many go into one slice."""
        self.input = input_
        self._stage, self._table, self._limit = stage, table, limit
        self.changelog = None if table is None else TopicPartition(table.changelog_topic_name, input_.partition)
        """The partition that the changes go to, if the stage has a table."""
        self._waiting: deque[Slice] = deque()
        self._waiting_records = 0
        self._offered = self._settled = 0
        self._made: Iterator[Step] | None = None
        self._nudged = False
        self.done = 0
        """The offset up to which the partition is processed and, except for slices without a result, committed."""
        self.steps = 0
        """How many steps, empty ones included, were taken so far. Those of an idle stage do not count unless a slice
        waits: they come in any case, and would hide a stalled fetch."""

    @property
    def has_room(self) -> bool:
        """Whether more records may be read. Also asked from the consumer's thread."""
        return self._waiting_records < self._limit

    @property
    def has_more(self) -> bool:
        """Whether there is something to make a step of."""
        return self._made is not None or bool(self._waiting)

    @property
    def owes(self) -> bool:
        """Whether its offset is to be committed: slices without a result are not worth a transaction of their own."""
        return self._settled < self.done

    @property
    def recovered(self) -> int | None:
        """The changelog offset up to which the table is recovered; None if nothing is."""
        return None if self._table is None else self._table.store.offset(self.input.partition)

    def reconcile(self, beginning: int, end: int) -> str | None:
        """Forget the table's entries of the partition if the changelog, from ``beginning`` to ``end``, cannot complete
        them. Returns a warning that says why.
        """
        return None if self._table is None else self._table.reconcile(self.input.partition, beginning, end)

    def require_recovered(self, beginning: int, end: int) -> None:
        """Raise `NotRecovered` if the table lacks anything that the changelog holds."""
        recovered = beginning - 1 if self.recovered is None else self.recovered
        if self.changelog is not None and recovered < end - 1:
            raise NotRecovered(f"{self.changelog} was read up to {recovered} of {end - 1}")

    def open(self, start: int) -> None:
        """Begin at ``start``. The table must be recovered."""
        self._offered = self.done = self._settled = start
        self._made = self._stage.assigned(self.input.partition, start)

    def offer(self, slice_: Slice) -> None:
        """Queue a slice. Raises `LostSlice`."""
        if slice_.start != self._offered:
            raise LostSlice(f"{self.input} went on at {slice_.start} instead of {self._offered}")
        self._offered = slice_.end
        self._waiting.append(slice_)
        self._waiting_records += len(slice_.records)

    def nudge(self, end: int | None) -> None:
        """Let the stage do what is due by time, if no slice waits. ``end``: where committed records end, if known."""
        if not self.has_more:
            caught_up = end is not None and self.done >= end
            self._made, self._nudged = self._stage.idle(self.input.partition, self.done, caught_up=caught_up), True

    def next(self) -> Step | None:
        """The next step, or None if there is nothing to make one of. It must be `committed` before the next one is
        asked for.
        """
        while self.has_more:
            if self._made is None:
                self._made, self._nudged = self._stage(self._take()), False
            if (step := next(self._made, None)) is not None:
                return step
            self._made = None
        return None

    def committed(self, step: Step, changed: int | None) -> None:
        """Note that a step is committed, or was empty. ``changed``: the changelog's offset of its last change."""
        if self._table is not None and step.changes:
            self._table.commit(self.input.partition, step.changes, changed)
        self.done = step.end
        if not self._nudged or self._waiting:
            self.steps += 1
        if step.committed is not None:
            step.committed()

    def settled(self, end: int) -> None:
        """Note that the offset ``end`` is committed."""
        self._settled = end

    def close(self) -> None:
        """Drop what waits: the next owner of the partition reads it."""
        self._waiting.clear()
        self._waiting_records, self._made = 0, None
        self._stage.revoked(self.input.partition)

    def _take(self) -> Slice:
        """All waiting slices, up to the limit, as one."""
        first = last = self._waiting.popleft()
        records = list(first.records)
        while self._waiting and len(records) + len(self._waiting[0].records) <= self._limit:
            last = self._waiting.popleft()
            records += last.records
        self._waiting_records -= len(records)
        return first._replace(end=last.end, records=records)
