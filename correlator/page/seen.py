"""A lifecycle as it is looked at: names and times, some 0.5 kB of it, so that a whole file's worth can be kept."""

from sys import intern
from typing import NamedTuple

from correlator.core import EndedBy, Lifecycle, MatchedBy, Outcome
from correlator.event import Exit, Kind, Named, Runner, State, StateType, Worker
from correlator.moments import Moment, Span
from correlator.records.identity import record_id


class Seen(NamedTuple):
    """What a page tells of a lifecycle. Times in microseconds since 1970 UTC; None where no event told."""

    record_id: str
    kind: Kind
    subject: str
    name: str
    flow: str | None
    deployment: str | None
    pool: str | None
    worker: str | None
    """The resource id of the worker that it is, or that said it of the run."""
    worker_name: str | None
    runner_name: str | None
    """Of a cancellation: who carried a run that no worker carried."""
    status_code: int | None
    exit: Exit | None
    """How its last pod or task ended."""
    reason: str | None
    """Kubernetes' reason for that."""
    state: StateType | None
    """The flow run's terminal state."""
    outcome: Outcome | None
    """None while it is open."""
    matched_by: MatchedBy | None
    ambiguous: bool
    amended: bool
    first: Moment
    """The time of its opening event."""
    started: Moment | None
    running: Moment | None
    """When its own code began to run."""
    ended: Moment | None
    ended_by: EndedBy | None
    """Whose word its end is."""
    stated: Moment | None
    """When the flow run came to its terminal state: the best that is known while nobody's word on its end counts."""
    cancelled: Moment | None
    span: Span | None
    """From start to end; negative where clocks differ."""
    start_id: str | None
    """The id of the event that opened it."""
    superseded_by: str | None

    @property
    def duration(self) -> int | None:
        """As its record has it, in microseconds: known where start and end are, and never negative."""
        return None if self.span is None else max(0, self.span)

    @property
    def startup(self) -> int | None:
        """From its submit until its own code ran, in microseconds, and never negative."""
        if self.started is None or self.running is None:
            return None
        return max(0, self.running - self.started)

    @property
    def skew(self) -> int:
        """By how many microseconds its end is dated before its start."""
        return 0 if self.span is None else max(0, -self.span)

    @property
    def last(self) -> int:
        """The time of the last event that is known of it."""
        ended = self.stated if self.ended is None else self.ended
        return max(at for at in (self.started, ended, self.cancelled) if at is not None)

    @property
    def failure(self) -> StateType | None:
        """FAILED or CRASHED, where the infrastructure completed and the flow run did not."""
        went_wrong = self.state in (StateType.FAILED, StateType.CRASHED)
        return self.state if self.outcome is Outcome.COMPLETED and went_wrong else None

    @property
    def by_witness(self) -> bool:
        """Whether its end is not its worker's word. A witness names its run, so that no start had to be guessed."""
        return self.ended_by in (EndedBy.INFRASTRUCTURE, EndedBy.FLOW_RUN)

    @property
    def unit(self) -> str:
        """What ran it, where its events or Prefect's observer told how that ended."""
        return "task" if self.exit is Exit.STOPPED else "pod"

    @property
    def nonzero_exit(self) -> bool:
        """Whether it completed, and nobody but its process said, by its exit code, that something was wrong."""
        return self.outcome is Outcome.COMPLETED and bool(self.status_code) and self.failure is None

    @property
    def runs(self) -> bool:
        """Whether it is on: it started, is open, and nobody has cancelled it, or said that it is over."""
        over = (self.ended, self.cancelled, self.stated)
        return self.outcome is None and self.started is not None and all(at is None for at in over)


def seen(lifecycle: Lifecycle) -> Seen:
    """What there is to look at of a lifecycle, open or ended."""
    start, end, cancellation = lifecycle.start, lifecycle.end, lifecycle.cancellation
    kind, opening, told = lifecycle.kind, lifecycle.opening, lifecycle.details
    worker = next((event.worker for event in (start, end) if event is not None), None)
    worker_name = _name(told.worker)
    own_name = worker_name if kind is Kind.WORKER else told.flow_run_name
    ran, state, running = lifecycle.infrastructure, lifecycle.state, lifecycle.running
    said = None if state is None else state.said
    return Seen(
        record_id(kind, opening.id),
        kind,
        lifecycle.subject,
        own_name or lifecycle.subject,
        _name(told.flow),
        _name(told.deployment),
        _name(told.work_pool),
        worker and intern(worker),
        worker_name,
        _name(told.runner),
        None if ran is None else ran.status_code,
        None if ran is None else ran.exit,
        None if ran is None else ran.reason,
        said.type if isinstance(said, State) else None,
        lifecycle.outcome,
        lifecycle.matched_by,
        lifecycle.ambiguous,
        lifecycle.amended,
        opening.occurred,
        None if start is None else start.occurred,
        None if running is None else running.occurred,
        None if end is None else end.occurred,
        lifecycle.ended_by,
        None if state is None else state.occurred,
        None if cancellation is None else cancellation.occurred,
        lifecycle.span,
        None if start is None else start.id,
        lifecycle.superseded_by,
    )


def _name(part: Named | Worker | Runner | None) -> str | None:
    """The name of a part of the record, else its id."""
    return None if part is None else intern(part.name or part.id)
