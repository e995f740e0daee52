"""How events arrive at correlate: forwarded by intake with a clock, or straight from Prefect's topic."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from correlator import prefect, wire
from correlator.core import PartitionClock
from correlator.engine import Received
from correlator.event import Event
from correlator.stage.intake import arrival
from correlator.values import PREFIX


class Arrived(NamedTuple):
    """An event, or a tick where ``event`` is None, with the clock of the raw partition that it came by."""

    event: Event | None
    arrived: int | None
    """When the event arrived; see `wire.Forwarded`."""
    raw_partition: int
    raw_partitions: int
    clock: int | None


class Source(Protocol):
    """How a partition's records are read: the one thing in which one hop differs from two."""

    @property
    def invalid(self) -> type[Exception]:
        """What `read` raises."""

    def assigned(self, partition: int) -> None:
        """The partition is ours."""

    def read(self, partition: int, record: Received) -> Arrived | None:
        """None where the record cannot concern us. Raises ``invalid`` where it should, and is not valid."""

    def idle(self, partition: int, *, caught_up: bool) -> Arrived | None:
        """What the passing of time says, where the input carries no ticks of its own."""


class TwoHops:
    """Two hops: intake's events and ticks, each with the clock of its raw partition."""

    invalid = wire.UnreadableWire

    def assigned(self, partition: int) -> None:
        """Nothing to do."""

    def read(self, partition: int, record: Received) -> Arrived | None:
        """An event or a tick."""
        match wire.decode(record.key, record.value):
            case wire.Forwarded() as forwarded:
                return Arrived(*forwarded)
            case wire.Tick() as tick:
                return Arrived(None, None, *tick)

    def idle(self, partition: int, *, caught_up: bool) -> Arrived | None:
        """Nothing: time comes as ticks."""
        return None


class OneHop:
    """One hop: Prefect's events, keyed by subject. The partition's own clock is all the clock there is."""

    invalid = prefect.InvalidEvent

    def __init__(self, *, max_tags: int, wall_clock: Callable[[], int]) -> None:
        self._max_tags, self._wall_clock = max_tags, wall_clock
        self._clocks: dict[int, PartitionClock] = {}

    def assigned(self, partition: int) -> None:
        """Begin without a clock."""
        self._clocks[partition] = PartitionClock(self._wall_clock())

    def read(self, partition: int, record: Received) -> Arrived | None:
        """An event of ours, or nothing. Under another key than its subject it may lie in another partition than the
        rest of its lifecycle: it is no good, or all would be decided wrong without a word.
        """
        decoded = prefect.decode(record.value, self._max_tags)
        if decoded is None:
            return None
        if record.key != decoded.event.subject.encode():
            raise prefect.InvalidEvent(f"the key is not the subject, as {PREFIX}INPUT_KEYED_BY=subject says it is")
        wall = self._wall_clock()
        arrived = arrival(record, decoded.received, wall)
        now = self._clocks[partition].observe(decoded.event.occurred, arrived, wall)
        return Arrived(decoded.event, arrived, 0, 1, now)

    def idle(self, partition: int, *, caught_up: bool) -> Arrived | None:
        """Wall time, while the partition is quiet."""
        clock = self._clocks[partition]
        before, now = clock.now, clock.rest(self._wall_clock()) if caught_up else clock.now
        return None if now == before else Arrived(None, None, 0, 1, now)
