"""Intake: forwards raw Prefect events as lifecycle events, keyed by subject. Invalid ones become dead letters."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from correlator import prefect, wire
from correlator.core import Fate, PartitionClock
from correlator.engine import Message, Slice, Step
from correlator.moments import SECOND, Moment, Span
from correlator.partitioner import partition_for
from correlator.stage.arriving import arrival
from correlator.stage.dead_letters import DeadLetters
from correlator.stage.draft import Draft
from correlator.stage.sent_clocks import SentClocks
from correlator.stage.tally import Counts

MAX_TICKS_PER_SECOND: Final = 1000
"""How many ticks all raw partitions together send per second while no events come. Each clock goes to every lifecycles
partition, so with 128 of either, sending each clock once takes 16,384 ticks (rule T6)."""

_FORWARDED: Final = Fate.FORWARDED


class Intake:
    """The stage that reads the raw topic, however it is keyed.

    Every event is forwarded with the clock of its raw partition. Lifecycles partitions that get no events get that
    clock by ticks. So deadlines everywhere go by event time, and a backlog is decided as it would have been at the
    time.
    """

    def __init__(
        self,
        lifecycles: str,
        partitions: int,
        raw_partitions: int,
        dead_letters: DeadLetters,
        reading: prefect.Reading,
        *,
        wall_clock: Callable[[], Moment],
        counts: Counts,
    ) -> None:
        """``lifecycles``: the topic between the stages, with ``partitions``; the raw topic has ``raw_partitions``."""
        self._lifecycles, self._partitions, self._raw_partitions = lifecycles, partitions, raw_partitions
        self._dead_letters, self._reading = dead_letters, reading
        self._wall_clock, self._counts = wall_clock, counts
        self._clocks: dict[int, PartitionClock] = {}
        self._sent: dict[int, SentClocks] = {}
        self._apart = Span(partitions * raw_partitions * SECOND // MAX_TICKS_PER_SECOND)
        self._told_at: dict[int, Moment] = {}
        """When each clock was last sent while no events came, by the wall clock."""

    def assigned(self, partition: int, offset: int) -> Iterator[Step]:
        """Begin with a clock that has no time yet: the first event sets it, or a minute without any."""
        wall = self._wall_clock()
        self._clocks[partition] = PartitionClock(wall)
        self._sent[partition] = SentClocks(self._partitions)
        self._told_at[partition] = wall - Span(self._apart * partition // self._raw_partitions)  # spread over time
        return iter(())

    def revoked(self, partition: int) -> None:
        """Forget the partition's clock."""
        self._clocks.pop(partition, None)
        self._sent.pop(partition, None)
        self._told_at.pop(partition, None)

    def __call__(self, slice_: Slice) -> Iterator[Step]:
        """Forward the slice's events."""
        clock, sent, wall = self._clocks[slice_.partition], self._sent[slice_.partition], self._wall_clock()
        draft = Draft("intake", self._counts)
        for record in slice_.records:
            try:
                said = prefect.decode(record.value, self._reading)
            except prefect.InvalidEvent as reason:
                letter = self._dead_letters.letter(slice_.topic, slice_.partition, record, reason)
                draft.reject(letter, reason)
                continue
            if said is None:
                draft.ignored += 1
                continue
            event = said.event
            draft.tally.events[(said.kind, event.role), _FORWARDED] += 1
            arrived = arrival(record, said.received, wall)
            now = clock.observe(event.occurred, arrived, wall)
            forwarded = wire.Forwarded(
                said.kind, event, said.details, arrived, slice_.partition, self._raw_partitions, now
            )
            key = said.subject.encode()
            to = partition_for(key, self._partitions)
            draft.messages.append(Message(self._lifecycles, to, key, wire.encode(forwarded), []))
            if now is not None:
                sent.note(now, to)
                if due := sent.due(now):
                    draft.messages += self._ticks(slice_.partition, now, due)
            if draft.is_full:
                yield draft.close({}, record.offset + 1)
        yield draft.close({}, slice_.end)

    def idle(self, partition: int, end: int, *, caught_up: bool) -> Iterator[Step]:
        """Send ticks if the clock has moved since the last ones: by events, or because the partition is quiet."""
        clock, wall = self._clocks[partition], self._wall_clock()
        now = clock.rest(wall) if caught_up else clock.now
        if now is None or wall < self._told_at[partition] + self._apart:
            return
        if behind := self._sent[partition].behind(now):
            self._told_at[partition] = wall
            yield Step(self._ticks(partition, now, behind), {}, end)

    def _ticks(self, partition: int, now: Moment, to: Iterable[int]) -> list[Message]:
        tick = wire.encode(wire.Tick(partition, self._raw_partitions, now))
        return [Message(self._lifecycles, each, None, tick, []) for each in to]
