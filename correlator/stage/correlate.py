"""Correlate: lifecycle events in, each subject's in order and in one place; records and state changes out."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from correlator import core
from correlator.core import Lifecycle
from correlator.engine import CommittedTable, Message, Slice, Transaction
from correlator.stage.arriving import Arrived, Source
from correlator.stage.dead_letters import DeadLetters
from correlator.stage.part import Part

MOST = 4000
"""How many messages close a transaction: what is due at once, at the end of a long catch-up, may be a million."""


class Correlate:
    """The stage that decides. All that it remembers is the table's: decoded, indexed, or on its way to it."""

    def __init__(
        self,
        source: Source,
        table: CommittedTable,
        publish: Callable[[Lifecycle], Message],
        dead_letters: DeadLetters,
        rules: core.Rules,
        fates: Counter[str],
    ) -> None:
        self._source, self._table, self._publish = source, table, publish
        self._dead_letters, self._rules, self._fates = dead_letters, rules, fates
        self._parts: dict[int, Part] = {}

    def assigned(self, partition: int, end: int) -> Iterator[Transaction]:
        """Take up what the table holds. What cannot be read goes to the dead letters, and from the table, before
        anything else.
        """
        self._source.assigned(partition)
        part = self._parts[partition] = Part(partition, self._table, self._rules)
        unreadable = list(part.recover())
        if unreadable:
            topic = self._table.changelog_topic_name
            letters = [self._dead_letters.entry(topic, partition, *entry) for entry in unreadable]
            yield Transaction(letters, {key: None for key, _, _ in unreadable}, end)

    def revoked(self, partition: int) -> None:
        """Forget the partition: what it owes is its next owner's."""
        self._parts.pop(partition, None)

    def __call__(self, slice_: Slice) -> Iterator[Transaction]:
        """Decide the slice's events in order, and after each what its clock makes due."""
        part, messages = self._parts[slice_.partition], list[Message]()
        for record in slice_.records:
            try:
                arrived = self._source.read(slice_.partition, record)
            except self._source.invalid as reason:
                self._fates["dead-lettered"] += 1
                messages.append(self._dead_letters.letter(slice_.topic, slice_.partition, record, reason))
                continue
            if arrived is None:
                self._fates["ignored"] += 1
                continue
            messages += self._decide(part, arrived)
            if part.has_due:
                yield from self._due(part, messages, record.offset + 1)
        yield self._close(part, messages, slice_.end)

    def idle(self, partition: int, end: int, *, caught_up: bool) -> Iterator[Transaction]:
        """Decide what time made due since the last event."""
        part, messages = self._parts[partition], list[Message]()
        arrived = self._source.idle(partition, caught_up=caught_up)
        if arrived is not None:
            messages += self._decide(part, arrived)
        yield from self._due(part, messages, end)
        yield self._close(part, messages, end)

    def _decide(self, part: Part, arrived: Arrived) -> Iterable[Message]:
        event, raw_partition, raw_partitions, clock = arrived
        now = part.observe(raw_partition, raw_partitions, clock)
        if event is None:
            return ()
        key = event.subject.encode()
        decision = core.on_event(
            part.get(key), event, event.occurred if now is None else now, part.watermark, self._rules
        )
        part.put(key, decision.state)
        self._fates[decision.fate] += 1
        return map(self._publish, decision.lifecycles)

    def _due(self, part: Part, messages: list[Message], end: int) -> Iterator[Transaction]:
        for key, state, watermark in part.due():
            decision = core.on_watermark(state, watermark, self._rules)
            part.put(key, decision.state)
            messages += map(self._publish, decision.lifecycles)
            if len(messages) >= MOST:
                yield self._close(part, messages, end)
                messages.clear()

    def _close(self, part: Part, messages: Iterable[Message], end: int) -> Transaction:
        changes, evicted = part.close()
        return Transaction((*messages, *map(self._publish, evicted)), changes, end)
