"""Correlate: lifecycle events in, each subject's in order and in one place; records and state changes out."""

from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import NamedTuple

from correlator import core, wire
from correlator.core import Decision, Fate, Lifecycle
from correlator.engine import Message, Slice, Step, Table
from correlator.event import Kind
from correlator.moments import Moment
from correlator.stage.arriving import Input
from correlator.stage.dead_letters import DeadLetters
from correlator.stage.draft import FULL, Draft
from correlator.stage.part import Part
from correlator.stage.silence import Silence
from correlator.stage.still_open import Open, together
from correlator.stage.tally import Counts

BREATH = 1000
"""Entries that are taken up at a time: there may be millions, and others wait for the event loop."""


class _Left(NamedTuple):
    """A part whose partition was revoked, good as long as its table's stamp is the same."""

    part: Part
    stamp: object


class Correlate:
    """The stage that decides. All that it remembers is the table's: decoded, indexed, or on its way to it."""

    def __init__(
        self,
        input_: Input,
        table: Table,
        publish: Callable[[int, Lifecycle], Message],
        dead_letters: DeadLetters,
        rules: core.Rules,
        counts: Counts,
    ) -> None:
        self._input, self._table, self._publish = input_, table, publish
        self._dead_letters, self._rules, self._counts = dead_letters, rules, counts
        self._parts: dict[int, Part] = {}
        self._left: dict[int, _Left] = {}
        self._silence = Silence()

    def assigned(self, partition: int, offset: int) -> Iterator[Step]:
        """Take up what the table holds, unless it is what we left. What cannot be read goes to the dead letters, and
        from the table, before anything else.
        """
        self._input.assigned(partition)
        self._left = {
            number: left
            for number, left in self._left.items()
            if left.stamp is not None and left.stamp == self._table.stamp(number)
        }
        left = self._left.pop(partition, None)
        if left is not None:
            self._parts[partition] = left.part
            return
        part, draft = Part(partition, self._table, self._rules, partial(self._publish, partition)), self._draft()
        unreadable: dict[bytes, bytes | None] = {}
        for number, entry in enumerate(part.recover()):
            if entry is not None:
                key, value, reason = entry
                letter = self._dead_letters.entry(self._table.changelog_topic_name, partition, key, value, reason)
                draft.dead_letter(letter, reason)
                unreadable[key] = None
            if number % BREATH == 0:
                yield Step((), {}, offset)
        self._parts[partition] = part
        if unreadable:
            yield draft.close(unreadable, offset)

    def revoked(self, partition: int) -> None:
        """Put the partition aside: most rebalances give it back as it was. What it owes is its owner's."""
        part = self._parts.pop(partition, None)
        if part is not None:
            self._left[partition] = _Left(part, self._table.stamp(partition))

    def __call__(self, slice_: Slice) -> Iterator[Step]:
        """Decide the slice's events in order, and after each what its clock makes due."""
        part, draft, read = self._parts[slice_.partition], self._draft(), self._input.reader(slice_.partition)
        for record in slice_.records:
            try:
                said = read(record)
            except self._input.invalid as reason:
                letter = self._dead_letters.letter(slice_.topic, slice_.partition, record, reason)
                draft.reject(letter, reason)
                continue
            if said is None:
                draft.ignored += 1
                continue
            self._take_in(part, draft, record.key, said)
            if part.subjects.has_due:
                yield from self._due(part, draft, record.offset + 1)
        yield self._close(part, draft, slice_.end)

    def idle(self, partition: int, end: int, *, caught_up: bool) -> Iterator[Step]:
        """Decide what time made due since the last event."""
        part, draft = self._parts[partition], self._draft()
        said = self._input.idle(partition, caught_up=caught_up)
        if said is not None:
            self._take_in(part, draft, None, said)
        yield from self._due(part, draft, end)
        yield self._close(part, draft, end)

    def still_open(self, kind: Kind) -> tuple[int, Moment | None]:
        """How many lifecycles are open in the partitions held, and when the oldest began."""
        pools = self.open_by_pool(kind).values()
        return sum(it.lifecycles for it in pools), min((it.oldest for it in pools), default=None)

    def open_by_pool(self, kind: Kind) -> dict[str, Open]:
        """What is open in the partitions held, by work pool, as `pools.called` names it."""
        return together(pool for part in self._parts.values() for pool in part.open[kind].by_pool())

    @property
    def partitions(self) -> Collection[int]:
        """The partitions held."""
        return self._parts.keys()

    def open_in(self, partition: int, kind: Kind, most: int) -> tuple[int, list[Lifecycle]] | None:
        """How many lifecycles are open in a partition, and those that have been so for longest, of so many subjects at
        most; None where it is not held.
        """
        part = self._parts.get(partition)
        if part is None:
            return None
        total = sum(pool.lifecycles for _, pool in part.open[kind].by_pool())
        states = part.oldest_open(kind, most)
        return total, [it for state in states for it in core.open_lifecycles(state, self._rules)]

    def _draft(self) -> Draft:
        return Draft("correlate", self._counts)

    def _take_in(self, part: Part, draft: Draft, key: bytes | None, said: wire.Forwarded | wire.Tick) -> None:
        """A tick, or an event of the subject whose key it is."""
        part.clocks_moved = True
        if key is None or isinstance(said, wire.Tick):
            part.subjects.clocks.observe(said.raw_partition, said.raw_partitions, said.clock)
            return
        event = said.event
        decision = part.subjects.decide(
            key,
            said.kind,
            event,
            said.details,
            arrived=said.arrived,
            raw_partition=said.raw_partition,
            raw_partitions=said.raw_partitions,
            clock=said.clock,
        )
        draft.tally.events[(said.kind, event.role), decision.fate] += 1
        if event.detached and decision.fate is Fate.OPENED:
            draft.tally.detached += 1
        self._count_witnesses(draft, decision)
        if decision.lifecycles:
            draft.publish(decision.lifecycles, part.message, event.id, said.arrived)

    def _count_witnesses(self, draft: Draft, decision: Decision) -> None:
        draft.tally.unclaimed += decision.unclaimed
        draft.tally.silent += decision.silent
        self._silence.note(decision)

    def _due(self, part: Part, draft: Draft, end: int) -> Iterator[Step]:
        for decision in part.subjects.due():
            self._count_witnesses(draft, decision)
            draft.publish(decision.lifecycles, part.message)
            if max(len(draft.messages), part.decided) >= FULL:
                yield self._close(part, draft, end)

    def _close(self, part: Part, draft: Draft, end: int) -> Step:
        changes, evicted = part.close()
        draft.tally.unclaimed += evicted.unclaimed
        draft.publish(evicted.published, part.message)
        return draft.close(changes, end)
