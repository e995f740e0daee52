"""Writes a snapshot of the stage as the document of ``/open.json``."""

from typing import Final

from msgspec import Raw
from msgspec.json import Encoder

from correlator.event import Kind
from correlator.glance.document import VERSION, Document, Row, Rows, StageWorker
from correlator.glance.merging import HeldLifecycle, Snapshot, Worker
from correlator.moments import Moment, Span
from correlator.page import Summary
from correlator.records.formats import in_seconds, rfc3339

_NAMES: Final = {Kind.FLOW_RUN: "runs", Kind.WORKER: "workers"}
_encode: Final = Encoder().encode


def written(snapshot: Snapshot) -> bytes:
    """The document of a snapshot, as JSON in UTF-8."""
    rows = {kind: [_row(it, snapshot) for it in snapshot.open if it.summary.kind is kind] for kind in Kind}
    return _encode(
        Document(
            version=VERSION,
            app_id=snapshot.app_id,
            at=rfc3339(snapshot.now),
            complete=snapshot.complete,
            partitions=snapshot.partitions,
            unheld_partitions=snapshot.unheld,
            workers=list(map(_worker, snapshot.workers)),
            group_known=not snapshot.alone,
            open={
                name: Rows(max(snapshot.open_total[kind], len(rows[kind])), rows[kind]) for kind, name in _NAMES.items()
            },
            records=Rows(max(snapshot.ended_total, len(snapshot.ended)), [_row(it, snapshot) for it in snapshot.ended]),
        )
    )


def _worker(it: Worker) -> StageWorker:
    where = it.reached.address
    return StageWorker(
        it.reached.name, where and str(where), it.partitions, it.recovering, it.missing is None, it.missing
    )


def _row(held: HeldLifecycle, snapshot: Snapshot) -> Row:
    it: Summary = held.summary
    is_run = it.kind is Kind.FLOW_RUN
    return Row(
        record_id=it.record_id,
        kind=it.kind,
        id=it.subject,
        name=it.name,
        held_by=held.by,
        partition=held.partition,
        outcome=it.outcome,
        going=it.runs,
        open_seconds=_seconds(max(0, snapshot.now - it.first)) if it.outcome is None else None,
        usual_seconds=_seconds(snapshot.usual.get(it.pool)) if is_run else None,
        flow=it.flow,
        deployment=it.deployment,
        work_pool=it.pool,
        worker=it.worker_name or it.worker,
        runner=it.runner_name,
        matched_by=it.matched_by,
        ambiguous=it.ambiguous,
        amended=it.amended,
        started_at=_time(it.started),
        running_at=_time(it.running),
        ended_at=_time(it.ended),
        ended_by=it.ended_by,
        cancelled_at=_time(it.cancelled),
        state=it.state,
        state_at=_time(it.stated),
        status_code=it.status_code,
        exit=it.exit,
        reason=it.reason,
        duration_seconds=_seconds(it.duration),
        startup_seconds=_seconds(it.startup),
        clock_skew_seconds=in_seconds(Span(it.skew)),
    )


def _time(at: Moment | None) -> str | None:
    return None if at is None else rfc3339(at)


def _seconds(microseconds: int | None) -> Raw | None:
    return None if microseconds is None else in_seconds(Span(max(0, microseconds)))
