"""A decided lifecycle as a record, key by key and in the order of `models`."""

from typing import Final, NamedTuple

import orjson
from orjson import Fragment

from correlator.core import Lifecycle
from correlator.event import Details, Kind
from correlator.records.formats import rfc3339, seconds
from correlator.records.identity import record_id, version_id

Headers = list[tuple[str, bytes]]

CE_TYPES: Final = {kind: f"prefect.correlator.{kind}.v1" for kind in Kind}
"""The CloudEvents type of each record. The version goes up with a change that is not only additive."""

_ZERO = seconds(0)
_WORKER = Kind.WORKER
_CE_SPECVERSION = ("ce_specversion", b"1.0")
_CE_TYPES = {kind: ("ce_type", type_.encode()) for kind, type_ in CE_TYPES.items()}
_CONTENT_TYPE = ("content-type", b"application/json")


class Record(NamedTuple):
    """A Kafka record, but for its topic and partition."""

    kind: Kind
    key: bytes
    """The worker's resource id, or the flow run's UUID."""
    value: bytes
    """One JSON object in UTF-8."""
    headers: Headers
    """CloudEvents 1.0, the binary mode of its Kafka binding."""


def render(lifecycle: Lifecycle, source: str) -> Record:
    """Write the record of a lifecycle. ``source`` is the CloudEvents source.

    A lifecycle has a start, an end or a cancellation. The same one gives the same bytes. One that is still open can be
    written too, with an outcome of null; it is never published.
    """
    start, end, cancellation = lifecycle.start, lifecycle.end, lifecycle.cancellation
    kind = lifecycle.kind
    id_ = record_id(kind, lifecycle.opening.id)
    at = _Times(
        start and rfc3339(start.occurred),
        end and rfc3339(end.occurred),
        cancellation and rfc3339(cancellation.occurred),
    )
    value = _worker_uptime(lifecycle, id_, at) if kind is _WORKER else _flow_run_duration(lifecycle, id_, at)
    key = lifecycle.subject.encode()
    headers = [
        _CE_SPECVERSION,
        ("ce_id", version_id(id_, lifecycle.cause).encode()),
        _CE_TYPES[kind],
        ("ce_source", source.encode()),
        ("ce_subject", key),
        ("ce_time", (at.end or at.cancellation or at.start or "").encode()),
        _CONTENT_TYPE,
    ]
    return Record(kind, key, orjson.dumps(value), headers)


def bare(lifecycle: Lifecycle) -> Lifecycle:
    """The lifecycle with what decides it, and of what its events told besides the ids alone: for a record that is too
    large.
    """
    start, end, cancellation = (
        event and event._replace(details=_ids(event.details))
        for event in (lifecycle.start, lifecycle.end, lifecycle.cancellation)
    )
    return lifecycle._replace(start=start, end=end, cancellation=cancellation, truncated=True)


def _ids(details: Details) -> Details:
    """The parts that have an id, with every other key null: the contract promises whose record it is, and all keys."""
    return {
        part: {**dict.fromkeys(told), "id": told["id"]}
        for part, told in details.items()
        if isinstance(told, dict) and "id" in told
    }


class _Times(NamedTuple):
    start: str | None
    end: str | None
    cancellation: str | None


def _worker_uptime(lifecycle: Lifecycle, id_: str, at: _Times) -> dict[str, object]:
    start, end, told = lifecycle.start, lifecycle.end, lifecycle.told
    uptime, skew = _length(lifecycle.span)
    return {
        "record_id": id_,
        "outcome": lifecycle.outcome,
        "matched_by": lifecycle.matched_by,
        "ambiguous": lifecycle.ambiguous,
        "truncated": lifecycle.truncated,
        "worker": told.get("worker"),
        "work_pool": told.get("work_pool"),
        "started_at": at.start,
        "stopped_at": at.end,
        "uptime_seconds": uptime,
        "clock_skew_seconds": skew,
        "started_event_id": start and start.id,
        "stopped_event_id": end and end.id,
        "superseded_by_event_id": lifecycle.superseded_by,
    }


def _flow_run_duration(lifecycle: Lifecycle, id_: str, at: _Times) -> dict[str, object]:
    start, end, cancellation, told = lifecycle.start, lifecycle.end, lifecycle.cancellation, lifecycle.told
    duration, skew = _length(lifecycle.span)
    return {
        "record_id": id_,
        "outcome": lifecycle.outcome,
        "matched_by": lifecycle.matched_by,
        "ambiguous": lifecycle.ambiguous,
        "truncated": lifecycle.truncated,
        "flow_run": told.get("flow_run"),
        "flow": told.get("flow"),
        "deployment": told.get("deployment"),
        "work_pool": told.get("work_pool"),
        "worker": told.get("worker"),
        "runner": told.get("runner"),
        "tags": told.get("tags", []),
        "infrastructure": told.get("infrastructure"),
        "submitted_at": at.start,
        "executed_at": at.end,
        "cancelled_at": at.cancellation,
        "duration_seconds": duration,
        "clock_skew_seconds": skew,
        "submitted_event_id": start and start.id,
        "executed_event_id": end and end.id,
        "cancelled_event_id": cancellation and cancellation.id,
        "superseded_by_event_id": lifecycle.superseded_by,
    }


def _length(span: int | None) -> tuple[Fragment | None, Fragment]:
    """How long it took, and by how much the end is dated before its start: clocks of two machines may differ."""
    if span is None:
        return None, _ZERO
    return (seconds(span), _ZERO) if span >= 0 else (_ZERO, seconds(-span))
