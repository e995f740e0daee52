"""What one worker tells another of itself: what is open in the partitions that it holds, and its last records."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from heapq import nsmallest
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from correlator.event import Kind
from correlator.moments import moment_of
from correlator.page import Known, Seen
from correlator.versioned import Format, encode

MOST: Final = 100
"""Of how many subjects a worker tells what is open: of each kind, in each partition, those open for longest."""
ROWS: Final = 1000
"""How many open lifecycles of a kind a worker tells, of all its partitions."""
LARGEST: Final = 2_000_000
"""Bytes of a part."""

_LAST: Final = moment_of(datetime.max.replace(tzinfo=UTC))
"""The last time that can be written."""


class Unreadable(Exception):
    """No worker wrote this."""


class Foreign(Exception):
    """A worker of another release wrote this."""


class Holding(Struct, array_like=True, frozen=True):
    """What is open in one partition."""

    partition: int
    total: Mapping[Kind, int]
    """How many lifecycles are open."""
    open: Sequence[Seen]
    """Those that are open for longest, in any order."""


class Part(Struct, array_like=True, frozen=True, tag=1):
    """What a worker tells of itself. The tag is the version of this shape, of `Seen`, and of all in it."""

    worker: str
    """Its client id in the group: where one was, another may be by now, of another stage even."""
    holdings: Sequence[Holding]
    ended: Sequence[Seen]
    """Its last records, at most `recent.LATEST`."""
    ended_total: int
    """How many it has published since it started."""
    usual: Mapping[str | None, Known]
    """By work pool."""


_format: Final = Format(Part, "a part of the stage", unreadable=Unreadable, foreign=Foreign)


def packed(part: Part) -> bytes:
    """A part's bytes, at most `LARGEST` of them: with long names, they are of fewer lifecycles."""
    rows = ROWS
    while True:
        packed = encode(_at_most(part, rows))
        if len(packed) <= LARGEST or not rows:
            return packed
        rows //= 2


def unpacked(told: bytes) -> Part:
    """What `packed` wrote, without what no page could show. Raises `Unreadable` or `Foreign`."""
    part = _format.decode(told)
    return replace(
        part,
        holdings=[replace(it, open=[row for row in it.open if _is_sound(row, False)]) for it in part.holdings],
        ended=[row for row in part.ended if _is_sound(row, True)],
    )


def _at_most(part: Part, rows: int) -> Part:
    """With so many rows of each kind, those that are open for longest."""
    kept = set[str]()
    for kind in Kind:
        of_kind = (row for it in part.holdings for row in it.open if row.kind is kind)
        kept |= {row.record_id for row in nsmallest(rows, of_kind, key=lambda row: (row.first, row.record_id))}
    return replace(
        part,
        holdings=[replace(it, open=[row for row in it.open if row.record_id in kept]) for it in part.holdings],
        ended=part.ended[-rows:] if rows else (),
        usual=part.usual if rows else {},
    )


def _is_sound(it: Seen, has_ended: bool) -> bool:
    """Whether a lifecycle has the times that one has."""
    ended = it.stated if it.ended is None else it.ended
    known = [at for at in (it.started, ended, it.cancelled) if at is not None]
    times = (*known, it.first, *(at for at in (it.running, it.stated) if at is not None))
    return (it.outcome is not None) is has_ended and bool(known) and all(0 <= at <= _LAST for at in times)
