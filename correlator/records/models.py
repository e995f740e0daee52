"""The contract of the two records, written for consumers. Records are rendered from these models, and the JSON Schemas
in ``topics/`` and the tables of ``docs/records.md`` are made from them.

Every key is always present, in this order. Later versions of the project only add keys.
"""

from typing import Annotated, Final, Literal, TypeAlias

from msgspec import Meta, Raw, Struct

from correlator.event import UUID, Infrastructure, Kind, Named, RecordPart, Runner, StateType, Worker

Time: TypeAlias = Annotated[
    str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$", extra_json_schema={"format": "date-time"})
]
"""RFC 3339, in UTC, with microseconds."""
Seconds: TypeAlias = Annotated[Raw, Meta(extra_json_schema={"type": "number", "minimum": 0})]
"""A JSON number with six decimals, which we write ourselves: a float is not exact to the microsecond."""

MatchedBy: TypeAlias = Literal["follows", "resource"]
WorkerOutcome: TypeAlias = Literal["completed", "superseded", "lost", "unmatched"]
EndedBy: TypeAlias = Literal["worker", "infrastructure", "flow-run"]
RunOutcome: TypeAlias = Literal["completed", "cancelled", "superseded", "lost", "unmatched"]


class LifecycleRecord(Struct, gc=False, kw_only=True):
    """The fields that both records have."""

    record_id: UUID
    """The lifecycle's id: a UUIDv5 of the record's kind and its opening event (else its closing one, else its
    cancellation). A lifecycle may be published again as more becomes known: **the last value of a `record_id` is the
    truth**."""
    outcome: str
    """How it ended."""
    matched_by: MatchedBy | None
    """How the end found its start. `follows`: the end named it. `resource`: it was matched to the latest possible start
    of the same worker or run, as Prefect omits that link for gaps of 5 minutes or more, and pods, tasks and states
    have none. null: they did not meet."""
    ambiguous: bool
    """Whether `matched_by: resource` had several starts to choose from."""
    truncated: bool
    """Whether data was dropped for size: tags above the limits, overlong labels of a large event or, if the record
    would not fit its topic, everything the events told except ids and times."""


class WorkerUptime(LifecycleRecord, kw_only=True):
    """How long a Prefect worker was up: from `prefect.worker.started` to `prefect.worker.stopped`."""

    outcome: WorkerOutcome
    """`completed`: start and stop met. `superseded`: a newer start of the same worker came and this one never ended.
    `lost`: open for longer than the limit. `unmatched`: a stop whose start never came."""
    worker: Worker
    """The worker."""
    work_pool: Named | None
    """The work pool that the worker polls."""
    started_at: Time | None
    """When the worker started."""
    stopped_at: Time | None
    """When the worker stopped."""
    uptime_seconds: Seconds | None
    """From start to stop, exact to the microsecond; null unless both are known: a limit is never reported as an
    uptime."""
    clock_skew_seconds: Seconds
    """By how much the stop is dated before the start, if clocks differ; the uptime is then 0. Otherwise 0."""
    started_event_id: UUID | None
    """The event `prefect.worker.started`."""
    stopped_event_id: UUID | None
    """The event `prefect.worker.stopped`."""
    superseded_by_event_id: UUID | None
    """The start that came after, if the lifecycle was superseded."""


class FlowRunState(RecordPart, frozen=True):
    """The terminal state of a flow run: how the flow ended, whatever happened to its infrastructure."""

    type: StateType
    """`COMPLETED`, `FAILED`, `CRASHED` or `CANCELLED`."""
    name: str | None
    """The state's name, given by Prefect or a user."""
    at: Time
    """When the state began."""


class FlowRunDuration(LifecycleRecord, kw_only=True):
    """How long the infrastructure of a flow run lived (provisioning, run and teardown): from
    `prefect.worker.submitted-flow-run` to the best word on its end. That is its worker's,
    `prefect.worker.executed-flow-run`, where the worker waits for what it runs; where it does not, as in Kubernetes and
    ECS, that of the pods or tasks; and where these say nothing, the flow run's terminal state. A run that is submitted
    again, by a retry or a resume, has a record for each time.
    """

    outcome: RunOutcome
    """`completed`: it was submitted, and ended; how the flow itself fared is in `state`. `cancelled`: a runner or a
    worker cancelled it, or its flow run's terminal state is CANCELLED, whatever else is known. `superseded`: the run
    was submitted again and this submit never ended. `lost`: open for longer than the limit. `unmatched`: an exit whose
    submit never came."""
    flow_run: Named
    """The flow run."""
    flow: Named | None
    """The run's flow."""
    deployment: Named | None
    """The deployment that the run belongs to."""
    work_pool: Named | None
    """The work pool that the run was submitted to."""
    worker: Worker | None
    """The worker that submitted the run, or saw it exit; null if only a cancellation is known."""
    runner: Runner | None
    """The runner that cancelled the run; null if none did."""
    tags: tuple[str, ...]
    """The run's tags, sorted, without repeats."""
    infrastructure: Infrastructure | None
    """What ran the flow run; known from its worker's `executed` event, and from its pods or tasks."""
    state: FlowRunState | None
    """The flow run's terminal state; null if none came."""
    submitted_at: Time | None
    """When a worker submitted the run's infrastructure."""
    created_at: Time | None
    """When a worker that does not wait had created the infrastructure."""
    running_at: Time | None
    """When the flow's own code began: the first RUNNING state after the submit."""
    executed_at: Time | None
    """When a worker that waits saw the infrastructure exit."""
    cancelled_at: Time | None
    """When a runner, a worker or the flow run's state first said that the run was cancelled."""
    ended_at: Time | None
    """When the run ended, according to `ended_by`."""
    ended_by: EndedBy | None
    """Who reported the end. `worker`: the worker, by its `executed` event. `infrastructure`: the last pod or task.
    `flow-run`: the flow run, by its terminal state."""
    duration_seconds: Seconds | None
    """From `submitted_at` to `ended_at`, exact to the microsecond: the life of the infrastructure (provisioning, run
    and teardown), not the flow's own run time. null unless both are known: a limit is never reported as a duration."""
    startup_seconds: Seconds | None
    """From `submitted_at` to `running_at`: how long it took until the flow's own code ran. null unless both are
    known."""
    clock_skew_seconds: Seconds
    """By how much the end is dated before the submit, if clocks differ; the duration is then 0. Otherwise 0."""
    submitted_event_id: UUID | None
    """The event `prefect.worker.submitted-flow-run`."""
    executed_event_id: UUID | None
    """The event `prefect.worker.executed-flow-run`, whether the worker waits or not."""
    cancelled_event_id: UUID | None
    """The event that first said that the run was cancelled."""
    superseded_by_event_id: UUID | None
    """The submit that came after, if the lifecycle was superseded."""


MODELS: Final[dict[Kind, type[LifecycleRecord]]] = {Kind.WORKER: WorkerUptime, Kind.FLOW_RUN: FlowRunDuration}
"""The contract of each kind's record."""
