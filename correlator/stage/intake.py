"""Intake: raw Prefect events in, lifecycle events out, keyed by subject; what is no valid event to the dead letters."""

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
from correlator.stage.heard import Heard
from correlator.stage.tally import Counts

TICKS: Final = 1000
"""How many ticks a second there are between events, at most, all raw partitions together: each clock is told to every
lifecycles partition, so that with 128 of either, to tell each once is 16,384 ticks (rule T6)."""

_FORWARDED: Final = Fate.FORWARDED


class Intake:
    """The stage that reads the raw topic, however it is keyed.

    Every event goes on with the clock of the partition that it came by, and the lifecycles partitions that get none
    hear of that clock by ticks: so what is due there is decided by event time, as it was when the log was written.
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
        """``lifecycles`` has ``partitions``, the raw topic ``raw_partitions``."""
        self._lifecycles, self._partitions, self._raw_partitions = lifecycles, partitions, raw_partitions
        self._dead_letters, self._reading = dead_letters, reading
        self._wall_clock, self._counts = wall_clock, counts
        self._clocks: dict[int, PartitionClock] = {}
        self._heard: dict[int, Heard] = {}
        self._apart = Span(partitions * raw_partitions * SECOND // TICKS)
        self._told: dict[int, Moment] = {}
        """When, by the wall clock, each clock was last told between events."""

    def assigned(self, partition: int, offset: int) -> Iterator[Step]:
        """Begin without a clock: the first event, or quiet, will show one."""
        wall = self._wall_clock()
        self._clocks[partition] = PartitionClock(wall)
        self._heard[partition] = Heard(self._partitions)
        self._told[partition] = wall - Span(self._apart * partition // self._raw_partitions)  # not all at a time
        return iter(())

    def revoked(self, partition: int) -> None:
        """Forget the partition's clock."""
        self._clocks.pop(partition, None)
        self._heard.pop(partition, None)
        self._told.pop(partition, None)

    def __call__(self, slice_: Slice) -> Iterator[Step]:
        """Forward the slice's events."""
        clock, heard, wall = self._clocks[slice_.partition], self._heard[slice_.partition], self._wall_clock()
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
                heard.of(now, to)
                if due := heard.due(now):
                    draft.messages += self._ticks(slice_.partition, now, due)
            if draft.is_full:
                yield draft.close({}, record.offset + 1)
        yield draft.close({}, slice_.end)

    def idle(self, partition: int, end: int, *, caught_up: bool) -> Iterator[Step]:
        """Tell the clock where it has moved: by events since the last tick, or because the partition is quiet."""
        clock, wall = self._clocks[partition], self._wall_clock()
        now = clock.rest(wall) if caught_up else clock.now
        if now is None or wall < self._told[partition] + self._apart:
            return
        if behind := self._heard[partition].behind(now):
            self._told[partition] = wall
            yield Step(self._ticks(partition, now, behind), {}, end)

    def _ticks(self, partition: int, now: Moment, to: Iterable[int]) -> list[Message]:
        tick = wire.encode(wire.Tick(partition, self._raw_partitions, now))
        return [Message(self._lifecycles, each, None, tick, []) for each in to]
