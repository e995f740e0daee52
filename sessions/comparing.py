"""Compares records with what was done in a session, and with what Prefect's API says about it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from msgspec import Struct

from sessions.deeds import ENDS, Deed, Done, State
from sessions.expecting import Expected, expected
from sessions.release import Release
from sessions.replaying import Record

TOLERANCE: Final = 5.0
"""Seconds by which a record may date a worker's start, or the end of anything, later than the driver saw it."""

FOREVER: Final = datetime.max.replace(tzinfo=UTC)


class Verdict(Protocol):
    """The verdict on one thing that was done."""

    @property
    def wrong(self) -> tuple[str, ...]:
        """The faults, each in words; none if all is right."""

    @property
    def why(self) -> str:
        """Why Prefect reports no more than it does."""


class Row(Struct, frozen=True):
    """Something that was done, and what its record says."""

    what: str
    says: str
    wrong: tuple[str, ...] = ()
    """The faults, each in words; none if all is right."""
    why: str = ""
    """Why Prefect reports no more than it does."""


def compare(done: Done, records: Iterable[Record]) -> list[Row]:
    """A row for each thing done, in order, then one for each record of something that was not done."""
    release = Release.of(done.release)
    of_subject = _by_subject(records)
    rows = []
    for deed in done.deeds:
        left = of_subject[deed.subject]
        wanted = expected(deed.plot, release)
        record = left.pop(0) if left and wanted.outcome is not None else None
        until = _opened(left[0]) if left else FOREVER
        wrong = tuple(_wrong(deed, wanted, record, done.states.get(deed.subject, []), until))
        rows.append(Row(deed.plot, said(record), wrong, wanted.why))
    nobodys = (record for left in of_subject.values() for record in left)
    return rows + [Row("nothing", said(record), ("a record of something that was not done",)) for record in nobodys]


def said(record: Record | None) -> str:
    """A record in a few words."""
    if record is None:
        return "no record"
    seconds = value(record, "uptime_seconds") or value(record, "duration_seconds")
    words = [record["outcome"]]
    words += [] if seconds is None else [f"{seconds:.1f} s"]
    words += [word for place in ("ended_by", "state.type") if (word := value(record, place)) is not None]
    exit_ = value(record, "infrastructure.status_code")
    return ", ".join(words if exit_ is None else [*words, f"exit {exit_}"])


def value(record: Record, place: str) -> Any:
    """The value at a place, a path of keys separated by dots; None if one of them is null or missing."""
    found: Any = record
    for key in place.split("."):
        found = None if found is None else found.get(key)
    return found


def _by_subject(records: Iterable[Record]) -> Mapping[str, list[Record]]:
    found = defaultdict[str, list[Record]](list)
    for record in sorted(records, key=_opened):
        about = record["worker"]["name"] if record["record"] == "worker-uptime" else record["flow_run"]["id"]
        found[about].append(record)
    return found


def _opened(record: Record) -> datetime:
    places = ("started_at", "submitted_at", "stopped_at", "executed_at", "cancelled_at")
    return next(at for place in places if (at := time_of(record, place)) is not None)


def _wrong(deed: Deed, wanted: Expected, record: Record | None, states: list[State], until: datetime) -> Iterator[str]:
    if record is None:
        if wanted.outcome is not None:
            yield f"there is no record; {wanted.outcome} is right"
        return
    yield from unlike(record, wanted)
    yield from _untimely(deed, record)
    if time_of(record, "submitted_at") is not None:
        yield from unlike_api(record, states, until)


def unlike(record: Record, wanted: Expected) -> Iterator[str]:
    """The values in a record that are not among those expected."""
    for place, may in {"outcome": frozenset({wanted.outcome}), **wanted.says}.items():
        if (stands := value(record, place)) not in may:
            yield f"{place} is {stands}; {' or '.join(sorted(map(str, may)))} is right"


def _untimely(deed: Deed, record: Record) -> Iterator[str]:
    """The times in a record that cannot be right, judged by the driver's clock."""
    over = float("inf") if deed.until is None else deed.until + TOLERANCE
    begins = _seconds(record, "started_at") or _seconds(record, "submitted_at")
    ends = _seconds(record, "stopped_at") or _seconds(record, "ended_at")
    late = deed.began and deed.began + (TOLERANCE if deed.plot.is_worker else 0)
    if begins is not None and not deed.since <= begins <= (over if late is None else late):
        yield "its start was at another time"
    if ends is not None and not (deed.ended or deed.since) <= ends <= over:
        yield "its end was at another time"
    running = _seconds(record, "running_at")
    if running is not None and begins is not None and not begins <= running <= (late or over):
        yield "it began to run at another time"
    if (cancelled := _seconds(record, "cancelled_at")) is not None and not deed.since <= cancelled <= over + TOLERANCE:
        yield "it was cancelled at another time"
    length = value(record, "uptime_seconds") or value(record, "duration_seconds")
    if length is not None and (begins is None or ends is None or abs(ends - begins - length) > 0.001):
        yield "its length is not that from its start to its end"
    identifier = value(record, "infrastructure.identifier")
    if deed.pid is not None and identifier is not None and identifier.rpartition(":")[2] != str(deed.pid):
        yield f"it ran in process {identifier}; {deed.pid} is right"


def unlike_api(record: Record, states: list[State], until: datetime) -> Iterator[str]:
    """Where a record contradicts the API about the states between its submit and the next."""
    since = time_of(record, "submitted_at")
    own = [state for state in states if since is None or since <= state.at < until]
    runs = next((state.at for state in own if state.type == "RUNNING"), None)
    if time_of(record, "running_at") != runs:
        yield f"running_at is {value(record, 'running_at')}, by the API {runs}"
    last = next((state for state in reversed(own) if state.type in ENDS), None)
    stands = (value(record, "state.type"), value(record, "state.name"), time_of(record, "state.at"))
    if stands != ((None, None, None) if last is None else (last.type, last.name, last.at)):
        yield f"state is {value(record, 'state')}, by the API {last}"


def time_of(record: Record, place: str) -> datetime | None:
    """The time at a place of a record; None if there is none."""
    stands = value(record, place)
    return None if stands is None else datetime.fromisoformat(stands)


def _seconds(record: Record, place: str) -> float | None:
    at = time_of(record, place)
    return None if at is None else at.timestamp()
