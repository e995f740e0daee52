"""Where the bridge is: which events are in the topic, as far back as it looks again. No I/O, no clock.

By minutes of `occurred`: of each it is known which events are in the topic, and how many the server had when all of it
was read last. The server tells how many it has now; where that differs, something came late, and the minute is read
again. It is kept in a compacted topic: one record says how far all was read, others which events went out together.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple, Self

from msgspec import Struct

from correlator.bridge.answers import ServerEvent
from correlator.moments import MINUTE, Moment, Span
from correlator.versioned import Format, encode

VERSION: Final = 1
"""Raised by any change of shape."""

READ_TO: Final = b"read to"
"""The key of the record that says how far."""

_ID: Final = 16
"""Bytes of an event's id."""


class UnreadablePosition(Exception):
    """A record of the bridge's topic that this version cannot have written. The text says why."""


class ReadTo(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag_field="version", tag=VERSION):
    """How far everything was read, and from where on it is looked at again."""

    floor: Moment
    """What occurred before is not published any more."""
    read_to: Moment
    """What occurred before was read over REST; later events may be in the topic, too."""
    totals: dict[int, int]
    """How many events the server had of each minute when it was read last."""


class Published(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag_field="version", tag=VERSION):
    """Which events went out together: by minute, their ids one after the other."""

    minutes: dict[int, bytes]


class Swept(NamedTuple):
    """What a sweep has read all of."""

    read_to: Moment
    totals: Mapping[int, int]
    """How many events the server has of each minute that was read whole."""


_READ_TO: Final = Format(ReadTo, "a position", unreadable=UnreadablePosition, foreign=UnreadablePosition)
_PUBLISHED: Final = Format(Published, "published events", unreadable=UnreadablePosition, foreign=UnreadablePosition)


def minute_of(moment: Moment) -> int:
    """The minute that a moment lies in, in minutes since 1970."""
    return moment // MINUTE


def begins(minute: int) -> Moment:
    """When a minute begins."""
    return Moment(0) + MINUTE * minute


class Position:
    """A position, and the records that keep it."""

    def __init__(self, start: Moment, window: Span) -> None:
        """``start``: nothing that occurred before is published. ``window``: for how long an event is looked for."""
        self.floor = self.read_to = start
        self._window = window
        self._ids: defaultdict[int, set[bytes]] = defaultdict(set)
        self._totals: dict[int, int] = {}
        self._newest: dict[bytes, int] = {}
        """By the key of its record: the last minute of what went out together."""
        self._records = 0

    @classmethod
    def recovered(cls, records: Iterable[tuple[bytes, bytes | None]], window: Span) -> Self | None:
        """The position that the records of the topic tell, in their order; None where they tell none.

        Raises `UnreadablePosition`.
        """
        latest = dict(records)
        written = latest.pop(READ_TO, None)
        if written is None:
            return None
        told = _READ_TO.decode(written)
        position = cls(told.floor, window)
        position.read_to, position._totals = told.read_to, told.totals
        for key, value in latest.items():
            position._records = max(position._records, _number(key) + 1)
            if value is not None:
                minutes = _PUBLISHED.decode(value).minutes
                position._newest[key] = max(minutes)
                for minute, ids in minutes.items():
                    position._ids[minute] |= {ids[at : at + _ID] for at in range(0, len(ids), _ID)}
        return position

    def fresh(self, events: Iterable[ServerEvent]) -> list[ServerEvent]:
        """Of some events, those to be published: each that is not in the topic and not too old, once."""
        taken = set[bytes]()
        fresh = []
        for it in events:
            known = self._ids.get(minute_of(it.occurred), ())
            if it.occurred >= self.floor and it.id not in known and it.id not in taken:
                taken.add(it.id)
                fresh.append(it)
        return fresh

    def take(self, published: Iterable[ServerEvent], swept: Iterable[Swept]) -> Iterator[tuple[bytes, bytes | None]]:
        """Take in what goes out together, and what was swept; the records that say so, None deletes one."""
        together: defaultdict[int, list[bytes]] = defaultdict(list)
        for it in published:
            together[minute_of(it.occurred)].append(it.id)
        if together:
            key, self._records = b"%d" % self._records, self._records + 1
            self._newest[key] = max(together)
            yield key, encode(Published({minute: b"".join(ids) for minute, ids in together.items()}))
        for minute, ids in together.items():
            self._ids[minute].update(ids)
        moved = False
        for sweep in swept:
            moved = True
            self.read_to = max(self.read_to, sweep.read_to)
            self._totals.update(sweep.totals)
        if moved:
            yield from self._forget()
            yield READ_TO, encode(ReadTo(self.floor, self.read_to, self._totals))

    def minutes(self) -> list[tuple[Moment, Moment]]:
        """The minutes that were read whole and are looked at again, each from when to when, in their order."""
        first, last = minute_of(self.floor), minute_of(self.read_to)
        return [(max(self.floor, begins(minute)), begins(minute + 1)) for minute in range(first, last)]

    def total(self, since: Moment, until: Moment) -> int:
        """How many events the server had from one minute to another, when these were read last."""
        return sum(self._totals.get(minute, 0) for minute in range(minute_of(since), minute_of(until)))

    def _forget(self) -> Iterator[tuple[bytes, None]]:
        """Forget what is not looked at again, and delete its records."""
        self.floor = max(self.floor, begins(minute_of(self.read_to - self._window)))
        first = minute_of(self.floor)
        for minutes in (self._ids, self._totals):
            for minute in [minute for minute in minutes if minute < first]:
                del minutes[minute]
        for key in [key for key, newest in self._newest.items() if newest < first]:
            del self._newest[key]
            yield key, None


def totals(events: Iterable[ServerEvent]) -> Counter[int]:
    """How many events occurred in each minute."""
    return Counter(minute_of(it.occurred) for it in events)


def _number(key: bytes) -> int:
    if not key.isdigit():
        raise UnreadablePosition(f"not a position: no release wrote a record with the key {key[:40]!r}")
    return int(key)
