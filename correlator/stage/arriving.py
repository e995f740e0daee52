"""How events arrive at correlate: forwarded by intake with a clock, or straight from Prefect's topic."""

from collections.abc import Callable
from typing import Final, Protocol

from correlator import prefect, wire
from correlator.core import PartitionClock
from correlator.engine import Received
from correlator.moments import Moment
from correlator.settings import variable

LOG_APPEND_TIME: Final = 1
"""A record's timestamp type where the broker wrote it (Kafka protocol, record batch attributes)."""


def arrival(record: Received, received: Moment | None, wall: Moment) -> Moment:
    """When an event arrived: as its server says, else as the broker does, else now."""
    if received is not None:
        return received
    return Moment(record.timestamp * 1000) if record.timestamp_type == LOG_APPEND_TIME else wall


Read = Callable[[Received], wire.Forwarded | wire.Tick | None]
"""Reads a record: an event or a tick; None where it cannot concern us. Raises an exception of its input where it
should, and is not valid.
"""


class Input(Protocol):
    """How a partition's records are read: the one thing in which one hop differs from two."""

    @property
    def invalid(self) -> type[Exception]:
        """What reading a record raises that is not valid. `wire.ForeignWire` is for nobody to catch."""

    def assigned(self, partition: int) -> None:
        """The partition is ours."""

    def reader(self, partition: int) -> Read:
        """What reads the records of a slice."""

    def idle(self, partition: int, *, caught_up: bool) -> wire.Tick | None:
        """What the passing of time says, where the input carries no ticks of its own."""


class TwoHops:
    """Two hops: intake's events and ticks, each with the clock of its raw partition."""

    invalid = wire.UnreadableWire

    def assigned(self, partition: int) -> None:
        """Nothing to do."""

    def reader(self, partition: int) -> Read:
        """All partitions are read alike."""
        return lambda record: wire.decode(record.key, record.value)

    def idle(self, partition: int, *, caught_up: bool) -> None:
        """Nothing: time comes as ticks."""


class OneHop:
    """One hop: Prefect's events, keyed by subject. The partition's own clock is all the clock there is."""

    invalid = prefect.InvalidEvent

    def __init__(self, reading: prefect.Reading, *, wall_clock: Callable[[], Moment]) -> None:
        self._reading, self._wall_clock = reading, wall_clock
        self._clocks: dict[int, PartitionClock] = {}

    def assigned(self, partition: int) -> None:
        """Begin without a clock."""
        self._clocks[partition] = PartitionClock(self._wall_clock())

    def reader(self, partition: int) -> Read:
        """An event of ours, or nothing. Under another key than its subject it may lie in another partition than the
        rest of its lifecycle: it is refused, or all of that would be decided wrong without a word.
        """
        clock, wall, reading = self._clocks[partition], self._wall_clock(), self._reading

        def read(record: Received) -> wire.Forwarded | None:
            said = prefect.decode(record.value, reading)
            if said is None:
                return None
            if record.key != said.subject.encode():
                raise prefect.InvalidEvent(
                    f"the key is not the subject, as {variable('input_keyed_by')}=subject says it is"
                )
            arrived = arrival(record, said.received, wall)
            now = clock.observe(said.event.occurred, arrived, wall)
            return wire.Forwarded(said.kind, said.event, said.details, arrived, 0, 1, now)

        return read

    def idle(self, partition: int, *, caught_up: bool) -> wire.Tick | None:
        """Wall time, while the partition is quiet."""
        clock = self._clocks[partition]
        before, now = clock.now, clock.rest(self._wall_clock()) if caught_up else clock.now
        return None if now is None or now == before else wire.Tick(0, 1, now)
