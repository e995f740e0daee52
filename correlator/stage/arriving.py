"""How events arrive at correlate: forwarded by intake with a clock, or straight from Prefect's topic."""

from collections.abc import Callable
from typing import Final, Protocol

from correlator import prefect, wire
from correlator.core import PartitionClock
from correlator.engine import Received
from correlator.moments import Moment
from correlator.settings import variable

LOG_APPEND_TIME: Final = 1
"""The timestamp type of a record whose timestamp the broker set (Kafka protocol, record batch attributes)."""


def arrival(record: Received, received: Moment | None, wall: Moment) -> Moment:
    """When an event arrived: the time of the Prefect server, else of the broker, else now."""
    if received is not None:
        return received
    return Moment(record.timestamp * 1000) if record.timestamp_type == LOG_APPEND_TIME else wall


Read = Callable[[Received], wire.Forwarded | wire.Tick | None]
"""Reads a record as an event or a tick; None if it does not concern us. Raises `Input.invalid` for an event or a tick
that is not valid.
"""


class Input(Protocol):
    """How a partition's records are read. One hop and two differ in nothing else."""

    @property
    def invalid(self) -> type[Exception]:
        """The exception for a record that is not valid. Nobody must catch `wire.ForeignWire`."""

    def assigned(self, partition: int) -> None:
        """Prepare to read a partition that was taken over."""

    def reader(self, partition: int) -> Read:
        """A function that reads the records of a slice."""

    def idle(self, partition: int, *, caught_up: bool) -> wire.Tick | None:
        """A tick for the time that has passed, if the input itself carries no ticks."""


class TwoHops:
    """Two hops: the input has intake's events and ticks, each with the clock of its raw partition."""

    invalid = wire.UnreadableWire

    def assigned(self, partition: int) -> None:
        """Nothing to do."""

    def reader(self, partition: int) -> Read:
        """The same function for all partitions."""
        return lambda record: wire.decode(record.key, record.value)

    def idle(self, partition: int, *, caught_up: bool) -> None:
        """Nothing: intake sends ticks."""


class OneHop:
    """One hop: the input has Prefect's events, keyed by subject. Each partition has its own clock and no other."""

    invalid = prefect.InvalidEvent

    def __init__(self, reading: prefect.Reading, *, wall_clock: Callable[[], Moment]) -> None:
        self._reading, self._wall_clock = reading, wall_clock
        self._clocks: dict[int, PartitionClock] = {}

    def assigned(self, partition: int) -> None:
        """Begin with a clock that has no time yet."""
        self._clocks[partition] = PartitionClock(self._wall_clock())

    def reader(self, partition: int) -> Read:
        """A function that reads Prefect's events and refuses those whose key is not their subject: such an event may be
        in another partition than the rest of its lifecycle, which would then be decided wrong, unnoticed.
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
        """A tick with the wall clock's time while the partition is quiet."""
        clock = self._clocks[partition]
        before, now = clock.now, clock.rest(self._wall_clock()) if caught_up else clock.now
        return None if now is None or now == before else wire.Tick(0, 1, now)
