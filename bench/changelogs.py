"""The changelogs that a recovery reads, and the ends of runs that show that it has read them."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from msgspec.structs import replace

from bench.peers.join import EXECUTED, parsed
from correlator import core, prefect
from correlator.configured import reading_of
from correlator.event import Role
from correlator.moments import Moment
from correlator.partitioner import partition_for
from correlator.settings import Settings
from support import events
from support.deployment import PARTITIONS

_KEPT: Final = 2
"""Ends kept per partition: a state is recovered twice at most."""


class Ends:
    """Ends of runs whose starts only a changelog holds: whoever publishes a pair has read the changelog."""

    def __init__(self) -> None:
        self._kept: dict[int, list[tuple[bytes, bytes]]] = {number: [] for number in range(PARTITIONS)}

    def keep(self, key: bytes, value: bytes) -> None:
        """Keep an end if its partition needs more."""
        own = self._kept[partition_for(key, PARTITIONS)]
        if len(own) < _KEPT:
            own.append((key, value))

    def take(self) -> list[tuple[bytes, bytes]]:
        """Take one end of each partition that still has one, dated now."""
        now = datetime.now(UTC)
        taken = [own.pop() for own in self._kept.values() if own]
        return [(key, _with(orjson.loads(value), occurred=now)) for key, value in taken]


def _with(event: dict[str, Any], occurred: datetime) -> bytes:
    return orjson.dumps(event | {"occurred": occurred}, option=orjson.OPT_UTC_Z)


def states(open_: int, remembered: int, ends: Ends) -> Iterator[tuple[bytes, bytes]]:
    """Entries of the worker's table: ``open_`` runs that are open, ``remembered`` ones that have ended."""
    known: dict[bytes, core.SubjectState] = {}
    reading = prefect.Reading(10, frozenset())
    subjects = core.Subjects(known, core.Rules())
    reading = reading_of(Settings.model_construct())
    now, ended = Moment(time.time_ns() // 1000), 0
    for key, value in events.pairs(open_ + remembered):
        said = prefect.decode(value, reading)
        assert said is not None
        if said.event.role is Role.END and ended == remembered:
            ends.keep(key, value)
            continue
        event = replace(said.event, occurred=now)
        subjects.decide(key, said.kind, event, said.details, arrived=now, clock=now)
        if event.role is Role.END:
            ended += 1
            yield key, core.encode(known.pop(key))
    for key, state in known.items():
        yield key, core.encode(state)


def starts(count: int, ends: Ends) -> Iterator[tuple[bytes, bytes]]:
    """``count`` entries of the Kafka Streams peer's store, which holds open runs only."""
    for key, value in events.pairs(count):
        event = parsed(value)
        assert event is not None
        if event["event"] == EXECUTED:
            ends.keep(key, value)
        else:
            yield key, f"{event['id']}|{event['occurred']}".encode()
