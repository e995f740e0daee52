"""How events arrive at correlate: forwarded by intake with a clock, or straight from Prefect's topic."""

from collections.abc import Callable
from typing import Final, Protocol

from correlator import prefect, wire
from correlator.core import PartitionClock
from correlator.engine import Received
from correlator.values import PREFIX

LOG_APPEND_TIME: Final = 1
"""A record's timestamp type where the broker wrote it (Kafka protocol, record batch attributes)."""


def arrival(record: Received, received: int | None, wall: int) -> int:
    """When an event arrived: as its server says, else as the broker does, else now. Microseconds since 1970 UTC."""
    if received is not None:
        return received
    return record.timestamp * 1000 if record.timestamp_type == LOG_APPEND_TIME else wall


class Input(Protocol):
    """How a partition's records are read: the one thing in which one hop differs from two."""

    @property
    def invalid(self) -> type[Exception]:
        """What `read` raises."""

    def assigned(self, partition: int) -> None:
        """The partition is ours."""

    def read(self, partition: int, record: Received) -> wire.Forwarded | wire.Tick | None:
        """An event or a tick; None where the record cannot concern us. Raises ``invalid`` where it should, and is not
        valid.
        """

    def idle(self, partition: int, *, caught_up: bool) -> wire.Tick | None:
        """What the passing of time says, where the input carries no ticks of its own."""


class TwoHops:
    """Two hops: intake's events and ticks, each with the clock of its raw partition."""

    invalid = wire.UnreadableWire

    def assigned(self, partition: int) -> None:
        """Nothing to do."""

    def read(self, partition: int, record: Received) -> wire.Forwarded | wire.Tick:
        """An event or a tick."""
        return wire.decode(record.key, record.value)

    def idle(self, partition: int, *, caught_up: bool) -> None:
        """Nothing: time comes as ticks."""


class OneHop:
    """One hop: Prefect's events, keyed by subject. The partition's own clock is all the clock there is."""

    invalid = prefect.InvalidEvent

    def __init__(self, *, max_tags: int, wall_clock: Callable[[], int]) -> None:
        self._max_tags, self._wall_clock = max_tags, wall_clock
        self._clocks: dict[int, PartitionClock] = {}

    def assigned(self, partition: int) -> None:
        """Begin without a clock."""
        self._clocks[partition] = PartitionClock(self._wall_clock())

    def read(self, partition: int, record: Received) -> wire.Forwarded | None:
        """An event of ours, or nothing. Under another key than its subject it may lie in another partition than the
        rest of its lifecycle: it is refused, or all of that would be decided wrong without a word.
        """
        decoded = prefect.decode(record.value, self._max_tags)
        if decoded is None:
            return None
        event, received = decoded
        if record.key != event.subject.encode():
            raise prefect.InvalidEvent(f"the key is not the subject, as {PREFIX}INPUT_KEYED_BY=subject says it is")
        wall = self._wall_clock()
        arrived = arrival(record, received, wall)
        now = self._clocks[partition].observe(event.occurred, arrived, wall)
        return wire.Forwarded(event, arrived, 0, 1, now)

    def idle(self, partition: int, *, caught_up: bool) -> wire.Tick | None:
        """Wall time, while the partition is quiet."""
        clock = self._clocks[partition]
        before, now = clock.now, clock.rest(self._wall_clock()) if caught_up else clock.now
        return None if now is None or now == before else wire.Tick(0, 1, now)
