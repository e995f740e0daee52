"""Renders a decided lifecycle as a record."""

from functools import lru_cache
from typing import Final, NamedTuple, cast

from msgspec import Raw
from msgspec.json import Encoder
from msgspec.structs import replace

from correlator.core import EndedBy, Lifecycle
from correlator.event import Details, Event, Kind, Named, Runner, State, Worker
from correlator.moments import Span
from correlator.records import models
from correlator.records.formats import in_seconds, rfc3339
from correlator.records.identity import record_id, version_id
from correlator.records.models import (
    FlowRunDuration,
    FlowRunState,
    MatchedBy,
    RunOutcome,
    WorkerOutcome,
    WorkerUptime,
)

Headers = list[tuple[str, bytes]]

CE_TYPES: Final = {kind: f"prefect.correlator.{kind}.v1" for kind in Kind}
"""The CloudEvents type of each record. The version goes up with every change that does more than add keys."""

_WORKER: Final = Kind.WORKER
_BY_WORKER: Final = EndedBy.WORKER
_ZERO: Final = in_seconds(Span(0))
_CE_SPECVERSION = ("ce_specversion", b"1.0")
_CE_TYPES = {kind: ("ce_type", type_.encode()) for kind, type_ in CE_TYPES.items()}
_CONTENT_TYPE = ("content-type", b"application/json")
_json: Final = Encoder().encode


@lru_cache(1)
def _ce_source(source: str) -> tuple[str, bytes]:
    return "ce_source", source.encode()


class Record(NamedTuple):
    """A Kafka record, without its topic and partition."""

    kind: Kind
    key: bytes
    """The worker's resource id, or the flow run's UUID."""
    value: bytes
    """One JSON object in UTF-8."""
    headers: Headers
    """CloudEvents 1.0, in the binary mode of its Kafka binding."""


def render(lifecycle: Lifecycle, source: str) -> Record:
    """Write the record of a lifecycle. ``source`` is the CloudEvents source.

    The same lifecycle always gives the same bytes. An open one can be written, too, with an outcome of null, but is
    never published.
    """
    kind, key = lifecycle.kind, lifecycle.subject.encode()
    record: WorkerUptime | FlowRunDuration
    if kind is _WORKER:
        record = worker_uptime(lifecycle)
        closed = record.stopped_at or record.started_at
    else:
        record = flow_run_duration(lifecycle)
        closed = record.ended_at or record.cancelled_at or record.submitted_at
    headers = [
        _CE_SPECVERSION,
        ("ce_id", version_id(record.record_id, lifecycle.cause).encode()),
        _CE_TYPES[kind],
        _ce_source(source),
        ("ce_subject", key),
        ("ce_time", (closed or "").encode()),
        _CONTENT_TYPE,
    ]
    return Record(kind, key, _json(record), headers)


def bare(lifecycle: Lifecycle) -> Lifecycle:
    """The lifecycle with nothing but its outcome, times and ids, for a record that is too large (rule B6)."""
    start, end, cancellation, creation = (
        event and replace(event, infrastructure=None)
        for event in (lifecycle.start, lifecycle.end, lifecycle.cancellation, lifecycle.creation)
    )
    told = tuple(map(_ids, lifecycle.told))
    return replace(
        lifecycle, start=start, end=end, cancellation=cancellation, creation=creation, phase=None, told=told, bare=True
    )


def _ids(details: Details) -> Details:
    """The ids alone: the contract promises them in every record."""
    flow, deployment, pool = (
        part and Named(part.id, None) for part in (details.flow, details.deployment, details.work_pool)
    )
    worker = details.worker and Worker(details.worker.id, None, None, None)
    runner = details.runner and Runner(details.runner.id, None, None)
    return Details(None, flow, deployment, pool, worker, runner)


def worker_uptime(lifecycle: Lifecycle) -> WorkerUptime:
    """The record of how long a worker was up."""
    start, end, details = lifecycle.start, lifecycle.end, lifecycle.details
    uptime, skew = _length(lifecycle.span)
    return WorkerUptime(
        record_id=record_id(lifecycle.kind, lifecycle.opening.id),
        outcome=cast("WorkerOutcome", lifecycle.outcome),
        matched_by=cast("MatchedBy | None", lifecycle.matched_by),
        ambiguous=lifecycle.ambiguous,
        truncated=lifecycle.truncated,
        worker=details.worker or Worker(lifecycle.subject, None, None, None),
        work_pool=details.work_pool,
        started_at=None if start is None else rfc3339(start.occurred),
        stopped_at=None if end is None else rfc3339(end.occurred),
        uptime_seconds=uptime,
        clock_skew_seconds=skew,
        started_event_id=None if start is None else start.id,
        stopped_event_id=None if end is None else end.id,
        superseded_by_event_id=lifecycle.superseded_by,
    )


def flow_run_duration(lifecycle: Lifecycle) -> FlowRunDuration:
    """The record of how long a flow run's infrastructure lived."""
    start, end, cancellation = lifecycle.start, lifecycle.end, lifecycle.cancellation
    creation, running, details = lifecycle.creation, lifecycle.running, lifecycle.details
    startup = lifecycle.startup
    duration, skew = _length(lifecycle.span)
    ended_by, ended_at = lifecycle.ended_by, None if end is None else rfc3339(end.occurred)
    waited = ended_by is _BY_WORKER
    executed = end if waited else creation
    return FlowRunDuration(
        record_id=record_id(lifecycle.kind, lifecycle.opening.id),
        outcome=cast("RunOutcome", lifecycle.outcome),
        matched_by=cast("MatchedBy | None", lifecycle.matched_by),
        ambiguous=lifecycle.ambiguous,
        truncated=lifecycle.truncated,
        flow_run=Named(lifecycle.subject, details.flow_run_name),
        flow=details.flow,
        deployment=details.deployment,
        work_pool=details.work_pool,
        worker=details.worker,
        runner=details.runner,
        tags=details.tags,
        infrastructure=lifecycle.infrastructure,
        state=None if lifecycle.state is None else _state(lifecycle.state),
        submitted_at=None if start is None else rfc3339(start.occurred),
        created_at=None if creation is None else rfc3339(creation.occurred),
        running_at=None if running is None else rfc3339(running.occurred),
        executed_at=ended_at if waited else None,
        cancelled_at=None if cancellation is None else rfc3339(cancellation.occurred),
        ended_at=ended_at,
        ended_by=cast("models.EndedBy | None", ended_by),
        duration_seconds=duration,
        startup_seconds=None if startup is None else in_seconds(startup),
        clock_skew_seconds=skew,
        submitted_event_id=None if start is None else start.id,
        executed_event_id=None if executed is None else executed.id,
        cancelled_event_id=None if cancellation is None else cancellation.id,
        superseded_by_event_id=lifecycle.superseded_by,
    )


def _state(event: Event) -> FlowRunState | None:
    said = event.said
    return FlowRunState(said.type, said.name, rfc3339(event.occurred)) if isinstance(said, State) else None


def _length(span: Span | None) -> tuple[Raw | None, Raw]:
    """The length of a lifecycle, and by how much its end is dated before its start: two machines' clocks may differ."""
    if span is None:
        return None, _ZERO
    return (in_seconds(span), _ZERO) if span >= 0 else (_ZERO, in_seconds(-span))
