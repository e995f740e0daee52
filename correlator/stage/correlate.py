"""Correlate: decides lifecycles. A subject's events come in order and in one partition; records and changes of its
state go out.
"""

from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import NamedTuple

from correlator import core, wire
from correlator.core import Decision, Fate, Lifecycle
from correlator.engine import Message, Slice, Step, Table
from correlator.event import Kind
from correlator.stage.arriving import Input
from correlator.stage.dead_letters import DeadLetters
from correlator.stage.draft import FULL, Draft
from correlator.stage.partition_state import PartitionState
from correlator.stage.silence import Silence
from correlator.stage.still_open import Open, merged
from correlator.stage.tally import Counts

ENTRIES_AT_ONCE = 1000
"""How many entries of the table are read before others may have the event loop: there may be millions."""


class _SetAside(NamedTuple):
    """The state of a revoked partition. It is valid as long as the table's stamp of the partition is the same."""

    state: PartitionState
    stamp: object


class Correlate:
    """The stage that decides lifecycles. All that it remembers is in the table, or will be with the next commit."""

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
        self._states: dict[int, PartitionState] = {}
        self._set_aside: dict[int, _SetAside] = {}
        self._silence = Silence()

    def assigned(self, partition: int, offset: int) -> Iterator[Step]:
        """Read the partition's entries from the table, unless they are as they were when we set it aside. Entries that
        cannot be read become dead letters and leave the table before anything is decided.
        """
        self._input.assigned(partition)
        self._set_aside = {
            number: left
            for number, left in self._set_aside.items()
            if left.stamp is not None and left.stamp == self._table.stamp(number)
        }
        left = self._set_aside.pop(partition, None)
        if left is not None:
            self._states[partition] = left.state
            return
        state, draft = (
            PartitionState(partition, self._table, self._rules, partial(self._publish, partition)),
            self._draft(),
        )
        unreadable: dict[bytes, bytes | None] = {}
        for number, entry in enumerate(state.recover()):
            if entry is not None:
                key, value, reason = entry
                letter = self._dead_letters.entry(self._table.changelog_topic_name, partition, key, value, reason)
                draft.dead_letter(letter, reason)
                unreadable[key] = None
            if number % ENTRIES_AT_ONCE == 0:
                yield Step((), {}, offset)
        self._states[partition] = state
        if unreadable:
            yield draft.close(unreadable, offset)

    def revoked(self, partition: int) -> None:
        """Set the partition's state aside, as most rebalances give the partition back unchanged. Decisions that are due
        are up to the new owner.
        """
        state = self._states.pop(partition, None)
        if state is not None:
            self._set_aside[partition] = _SetAside(state, self._table.stamp(partition))

    def __call__(self, slice_: Slice) -> Iterator[Step]:
        """Decide the slice's events in order and, after each, what its clock makes due."""
        state, draft, read = self._states[slice_.partition], self._draft(), self._input.reader(slice_.partition)
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
            self._take_in(state, draft, record.key, said)
            if state.subjects.has_due:
                yield from self._due(state, draft, record.offset + 1)
        yield self._close(state, draft, slice_.end)

    def idle(self, partition: int, end: int, *, caught_up: bool) -> Iterator[Step]:
        """Decide what time has made due since the last event."""
        state, draft = self._states[partition], self._draft()
        said = self._input.idle(partition, caught_up=caught_up)
        if said is not None:
            self._take_in(state, draft, None, said)
        yield from self._due(state, draft, end)
        yield self._close(state, draft, end)

    def open_by_pool(self, kind: Kind) -> dict[str, Open]:
        """The open lifecycles of the partitions held, by the work pool's name as `pools.called` gives it."""
        return merged(pool for state in self._states.values() for pool in state.open[kind].by_pool())

    @property
    def partitions(self) -> Collection[int]:
        """The partitions held."""
        return self._states.keys()

    def open_in(self, partition: int, kind: Kind, most: int) -> tuple[int, list[Lifecycle]] | None:
        """How many lifecycles are open in a partition, and the open ones of at most ``most`` subjects, those with the
        longest open lifecycles. None if the partition is not held.
        """
        state = self._states.get(partition)
        if state is None:
            return None
        total = sum(pool.lifecycles for _, pool in state.open[kind].by_pool())
        oldest = state.oldest_open(kind, most)
        return total, [it for subject in oldest for it in core.open_lifecycles(subject, self._rules)]

    def _draft(self) -> Draft:
        return Draft("correlate", self._counts)

    def _take_in(
        self, state: PartitionState, draft: Draft, key: bytes | None, said: wire.Forwarded | wire.Tick
    ) -> None:
        """Decide an event of the subject ``key``, or note the clock of a tick."""
        state.clocks_moved = True
        if key is None or isinstance(said, wire.Tick):
            state.subjects.clocks.observe(said.raw_partition, said.raw_partitions, said.clock)
            return
        event = said.event
        decision = state.subjects.decide(
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
            draft.publish(decision.lifecycles, state.message, event.id, said.arrived)

    def _count_witnesses(self, draft: Draft, decision: Decision) -> None:
        draft.tally.unclaimed += decision.unclaimed
        draft.tally.silent += decision.silent
        self._silence.note(decision)

    def _due(self, state: PartitionState, draft: Draft, end: int) -> Iterator[Step]:
        for decision in state.subjects.due():
            self._count_witnesses(draft, decision)
            draft.publish(decision.lifecycles, state.message)
            if max(len(draft.messages), state.decided) >= FULL:
                yield self._close(state, draft, end)

    def _close(self, state: PartitionState, draft: Draft, end: int) -> Step:
        changes, evicted = state.close()
        draft.tally.unclaimed += evicted.unclaimed
        draft.publish(evicted.published, state.message)
        return draft.close(changes, end)
