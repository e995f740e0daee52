"""A summary of a lifecycle for the page: names and times, in some 0.5 kB, so that those of a whole file can be kept."""

from sys import intern
from typing import NamedTuple

from correlator.core import EndedBy, Lifecycle, MatchedBy, Outcome
from correlator.event import Exit, Kind, Named, Runner, State, StateType, Worker
from correlator.moments import Moment, Span
from correlator.records.identity import record_id


class Summary(NamedTuple):
    """What the page shows of a lifecycle. Times are in microseconds since 1970 UTC; None if no event gave them."""

    record_id: str
    kind: Kind
    subject: str
    name: str
    flow: str | None
    deployment: str | None
    pool: str | None
    worker: str | None
    """The resource id of the worker itself, or of the worker that reported the run."""
    worker_name: str | None
    runner_name: str | None
    """The runner that reported a cancellation; the only name that a run without a worker has."""
    status_code: int | None
    exit: Exit | None
    """How its last pod or task ended."""
    reason: str | None
    """Kubernetes' reason for that end."""
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
    """When the flow's own code began to run."""
    ended: Moment | None
    ended_by: EndedBy | None
    """Who reported its end."""
    stated: Moment | None
    """When the flow run entered its terminal state: the best known time of the end while no report of it counts."""
    cancelled: Moment | None
    span: Span | None
    """From start to end; negative if clocks differ by more than it took."""
    start_id: str | None
    """The id of its start event."""
    superseded_by: str | None

    @property
    def duration(self) -> int | None:
        """Its duration as in its record, in microseconds and never negative; None without a start or an end."""
        return None if self.span is None else max(0, self.span)

    @property
    def startup(self) -> int | None:
        """The time from a run's submit until its own code ran, in microseconds and never negative."""
        if self.started is None or self.running is None:
            return None
        return max(0, self.running - self.started)

    @property
    def skew(self) -> int:
        """By how many microseconds its end is dated before its start; 0 if it is not."""
        return 0 if self.span is None else max(0, -self.span)

    @property
    def last(self) -> int:
        """The time of its latest known event."""
        ended = self.stated if self.ended is None else self.ended
        return max(at for at in (self.started, ended, self.cancelled) if at is not None)

    @property
    def failure(self) -> StateType | None:
        """FAILED or CRASHED, if the infrastructure completed and the flow run did not."""
        went_wrong = self.state in (StateType.FAILED, StateType.CRASHED)
        return self.state if self.outcome is Outcome.COMPLETED and went_wrong else None

    @property
    def by_witness(self) -> bool:
        """Whether a witness reported its end. A witness names its run, so the start did not have to be guessed."""
        return self.ended_by in (EndedBy.INFRASTRUCTURE, EndedBy.FLOW_RUN)

    @property
    def unit(self) -> str:
        """What ran it, as far as its events say: a pod or a task."""
        return "task" if self.exit is Exit.STOPPED else "pod"

    @property
    def nonzero_exit(self) -> bool:
        """Whether it completed and its exit code is the only sign that something went wrong."""
        return self.outcome is Outcome.COMPLETED and bool(self.status_code) and self.failure is None

    @property
    def runs(self) -> bool:
        """Whether it is going: it started, is open, and no event has cancelled or ended it."""
        over = (self.ended, self.cancelled, self.stated)
        return self.outcome is None and self.started is not None and all(at is None for at in over)


def summarize(lifecycle: Lifecycle) -> Summary:
    """The summary of a lifecycle, open or ended."""
    start, end, cancellation = lifecycle.start, lifecycle.end, lifecycle.cancellation
    kind, opening, told = lifecycle.kind, lifecycle.opening, lifecycle.details
    worker = next((event.worker for event in (start, end) if event is not None), None)
    worker_name = _name(told.worker)
    own_name = worker_name if kind is Kind.WORKER else told.flow_run_name
    ran, state, running = lifecycle.infrastructure, lifecycle.state, lifecycle.running
    said = None if state is None else state.said
    return Summary(
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
    """The name of what a record mentions, else its id."""
    return None if part is None else intern(part.name or part.id)
