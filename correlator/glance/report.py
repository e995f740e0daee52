"""The report that one worker gives another: the open lifecycles of its partitions, and its latest records."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from heapq import nsmallest
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from correlator.event import Kind
from correlator.moments import moment_of
from correlator.page import Summary, UsualDuration
from correlator.versioned import Format, encode

MAX_SUBJECTS: Final = 100
"""How many subjects of each kind a worker reports from each partition: those with the longest open lifecycles."""
MAX_OPEN: Final = 1000
"""How many open lifecycles of each kind a worker reports from all its partitions together."""
MAX_REPORT_BYTES: Final = 2_000_000
"""The largest report."""

_LAST: Final = moment_of(datetime.max.replace(tzinfo=UTC))
"""The latest time that Python's datetime can hold."""


class Unreadable(Exception):
    """No worker wrote these bytes."""


class Foreign(Exception):
    """A worker of another release wrote these bytes."""


class PartitionReport(Struct, array_like=True, frozen=True):
    """The open lifecycles of one partition."""

    partition: int
    total: Mapping[Kind, int]
    """How many lifecycles are open."""
    open: Sequence[Summary]
    """The longest open lifecycles, in any order."""


class WorkerReport(Struct, array_like=True, frozen=True, tag=1):
    """What a worker reports of itself. The tag is the version of this shape and of all the types in it."""

    worker: str
    """Its client id in the group: another worker, even of another stage, may have its address by now."""
    holdings: Sequence[PartitionReport]
    ended: Sequence[Summary]
    """Its latest records, at most `recent.MAX_RECORDS`."""
    ended_total: int
    """How many records it has published since it started."""
    usual: Mapping[str | None, UsualDuration]
    """The usual duration of runs by work pool."""


_format: Final = Format(WorkerReport, "a report of the stage", unreadable=Unreadable, foreign=Foreign)


def packed(report: WorkerReport) -> bytes:
    """The bytes of a report. If names are long, lifecycles are left out until it fits into `MAX_REPORT_BYTES`."""
    rows = MAX_OPEN
    while True:
        packed = encode(_at_most(report, rows))
        if len(packed) <= MAX_REPORT_BYTES or not rows:
            return packed
        rows //= 2


def unpacked(answer: bytes) -> WorkerReport:
    """The report that `packed` wrote, without lifecycles that no page could show. Raises `Unreadable` or `Foreign`."""
    report = _format.decode(answer)
    return replace(
        report,
        holdings=[replace(it, open=[row for row in it.open if _is_sound(row, False)]) for it in report.holdings],
        ended=[row for row in report.ended if _is_sound(row, True)],
    )


def _at_most(report: WorkerReport, rows: int) -> WorkerReport:
    """The report with at most ``rows`` open lifecycles of each kind, the longest open, and ``rows`` records."""
    kept = set[str]()
    for kind in Kind:
        of_kind = (row for it in report.holdings for row in it.open if row.kind is kind)
        kept |= {row.record_id for row in nsmallest(rows, of_kind, key=lambda row: (row.first, row.record_id))}
    return replace(
        report,
        holdings=[replace(it, open=[row for row in it.open if row.record_id in kept]) for it in report.holdings],
        ended=report.ended[-rows:] if rows else (),
        usual=report.usual if rows else {},
    )


def _is_sound(it: Summary, has_ended: bool) -> bool:
    """Whether a lifecycle has the times that every lifecycle must have, in the range that can be written."""
    ended = it.stated if it.ended is None else it.ended
    known = [at for at in (it.started, ended, it.cancelled) if at is not None]
    times = (*known, it.first, *(at for at in (it.running, it.stated) if at is not None))
    return (it.outcome is not None) is has_ended and bool(known) and all(0 <= at <= _LAST for at in times)
