"""The position of the bridge: which events are in the topic, as far back as it looks again. No I/O, no clock.

For each minute of `occurred`, the position holds which events are in the topic, and how many the server had when the
minute was last read. If the server now has another number, events came late, and the minute is read again. The position
is kept in a compacted topic: one record says how far everything has been read, the others which events went out
together.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple, Self

from msgspec import Struct

from correlator.bridge.answers import ServerEvent
from correlator.moments import MINUTE, Moment, Span
from correlator.versioned import Format, encode

VERSION: Final = 1
"""Raise it with every change of shape."""

READ_TO: Final = b"read to"
"""The key of the record that says how far everything has been read."""

_ID: Final = 16
"""Bytes of an event's id."""


class UnreadablePosition(Exception):
    """A record of the bridge's topic that this release cannot have written. The text says why."""


class ReadTo(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag_field="version", tag=VERSION):
    """How far everything has been read, and how far back the bridge looks again."""

    floor: Moment
    """Events that occurred before this are no longer published."""
    read_to: Moment
    """All events that occurred before this have been read over REST; later ones may be in the topic, too."""
    totals: dict[int, int]
    """By minute, how many events the server had when the minute was last read."""


class Published(Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag_field="version", tag=VERSION):
    """Which events went out together: by minute, their concatenated ids."""

    minutes: dict[int, bytes]


class Swept(NamedTuple):
    """How far a sweep has read everything."""

    read_to: Moment
    totals: Mapping[int, int]
    """How many events the server has in each minute that was read in full."""


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
        """``start``: events that occurred earlier are not published. ``window``: how far back late events are looked
        for.
        """
        self.floor = self.read_to = start
        self._window = window
        self._ids: defaultdict[int, set[bytes]] = defaultdict(set)
        self._totals: dict[int, int] = {}
        self._newest: dict[bytes, int] = {}
        """By key of a record, the last minute of the events that it lists."""
        self._records = 0

    @classmethod
    def recovered(cls, records: Iterable[tuple[bytes, bytes | None]], window: Span) -> Self | None:
        """The position that the topic's records, in their order, hold; None if they hold none.

        Raises `UnreadablePosition`.
        """
        latest = dict(records)
        written = latest.pop(READ_TO, None)
        if written is None:
            return None
        kept = _READ_TO.decode(written)
        position = cls(kept.floor, window)
        position.read_to, position._totals = kept.read_to, kept.totals
        for key, value in latest.items():
            position._records = max(position._records, _number(key) + 1)
            if value is not None:
                minutes = _PUBLISHED.decode(value).minutes
                position._newest[key] = max(minutes)
                for minute, ids in minutes.items():
                    position._ids[minute] |= {ids[at : at + _ID] for at in range(0, len(ids), _ID)}
        return position

    def fresh(self, events: Iterable[ServerEvent]) -> list[ServerEvent]:
        """The events that must be published: those not in the topic yet and not too old, without repeats."""
        taken = set[bytes]()
        fresh = []
        for it in events:
            known = self._ids.get(minute_of(it.occurred), ())
            if it.occurred >= self.floor and it.id not in known and it.id not in taken:
                taken.add(it.id)
                fresh.append(it)
        return fresh

    def take(self, published: Iterable[ServerEvent], swept: Iterable[Swept]) -> Iterator[tuple[bytes, bytes | None]]:
        """Take in the events that go out together, and what was swept. Yields the records that keep this; a value of
        None deletes its record.
        """
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
        """The minutes that were read in full and are looked at again, in order, each with its beginning and end."""
        first, last = minute_of(self.floor), minute_of(self.read_to)
        return [(max(self.floor, begins(minute)), begins(minute + 1)) for minute in range(first, last)]

    def total(self, since: Moment, until: Moment) -> int:
        """How many events the server had in an interval when its minutes were last read."""
        return sum(self._totals.get(minute, 0) for minute in range(minute_of(since), minute_of(until)))

    def _forget(self) -> Iterator[tuple[bytes, None]]:
        """Forget the minutes that are not looked at again, and delete their records."""
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
