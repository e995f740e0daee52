"""A lifecycle event: what one of Prefect's events says, in this project's own terms."""

from enum import StrEnum
from typing import Annotated, TypeAlias, Union

from msgspec import Meta, Struct

from correlator.moments import Moment

JSON: TypeAlias = Union[dict[str, "JSON"], list["JSON"], str, int, float, bool, None]


# On the path of every event, modules bind enumeration members to names of their own: looking a member up in its class
# costs Python 3.11 a tenth of a microsecond.


class Kind(StrEnum):
    """What a lifecycle is the life of. The value is the name of the record that it ends in."""

    WORKER = "worker-uptime"
    FLOW_RUN = "flow-run-duration"


class Role(StrEnum):
    """What an event is to its lifecycle. The last four are witnesses: they speak of a run that a worker has submitted,
    and open no lifecycle (rule W1).
    """

    START = "start"
    END = "end"
    CANCELLATION = "cancellation"
    CREATION = "creation"
    """A worker that does not wait has created the infrastructure."""
    PHASE = "phase"
    """A pod or a task is alive, or has ended."""
    RUNNING = "running"
    """The flow's own code is running."""
    STATE = "state"
    """The flow run is in a terminal state."""


UUID: TypeAlias = Annotated[str, Meta(extra_json_schema={"format": "uuid"})]

# Records contain these as they are, keys included, so their docstrings are written for the records' readers.


class RecordPart(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The base of a record's parts."""


class Exit(StrEnum):
    """How a pod or a task ended, as Prefect's event says it."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    EVICTED = "evicted"
    STOPPED = "stopped"


class Infrastructure(RecordPart, frozen=True):
    """What ran the flow run."""

    identifier: str | None
    """The worker's name for it: a process id, a job's, task's or container's name."""
    status_code: int | None
    """The exit code of the *process*, as seen by a worker that waited for it; not the state of the flow: since Prefect
    3.8.4, a flow that raises exits with 0. null if the worker does not wait."""
    exit: Exit | None = None
    """How its last pod or task ended: `succeeded`, `failed` or `evicted` for a pod, `stopped` for a task. Prefect calls
    nearly every pod that fails `evicted`, and a pod whose flow fails may well succeed: see `state`."""
    reason: str | None = None
    """Kubernetes' reason for that end, such as `Error` or `OOMKilled`."""


class StateType(StrEnum):
    """The types of a flow run's terminal states."""

    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CRASHED = "CRASHED"
    CANCELLED = "CANCELLED"


class Named(RecordPart, frozen=True):
    """Something that Prefect knows by a UUID."""

    id: UUID
    """Its UUID."""
    name: str | None
    """Its name in Prefect's event; null if the event has none."""


class Worker(RecordPart, frozen=True):
    """A Prefect worker."""

    id: str
    """The worker's resource id, `prefect.worker.<type>.<slug of its name>`. Workers with the same name share it."""
    name: str | None
    """Its name in Prefect's event; null if the event has none."""
    type: str | None
    """The type of the worker and of its pool, such as `process` or `kubernetes`."""
    version: str | None
    """The version of Prefect that it runs."""


class Runner(RecordPart, frozen=True):
    """A Prefect runner: what runs a flow run's process and cancels it."""

    id: str
    """The runner's resource id, `prefect.runner.<slug of its name>`."""
    name: str | None
    """Its name in Prefect's event; null if the event has none."""
    version: str | None
    """The version of Prefect that it runs."""


# The table and the lifecycles topic hold the fields of these by position, in this order. A change makes a new version.


class State(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True, tag_field="what", tag="state"):
    """What became of a flow run."""

    type: StateType
    name: str | None


class Phase(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True, tag_field="what", tag="phase"):
    """Whether a pod or a task is alive, and if not, how it ended."""

    unit: str
    """The pod's or task's resource id: another one may replace it."""
    name: str | None
    """The pod's name, or the task's ARN, by which the submit that created it is found (rule W3)."""
    exit: Exit | None
    """None while it is alive."""
    reason: str | None


class Event(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """One event of a lifecycle: the part of it that decisions depend on. The rest is its `Details`."""

    role: Role
    id: str
    """The event's UUID, lower case, with hyphens."""
    occurred: Moment
    worker: str | None
    """The resource id of the worker that sent it; None if it came from a runner (rule F7) or a witness."""
    follows: str | None = None
    """The id of the start that this end names, if Prefect kept it (rule F1)."""
    truncated: bool = False
    """Whether its details were cut (rules B4 and B5)."""
    infrastructure: Infrastructure | None = None
    detached: bool = False
    """For a submit: whether its worker is detached, that is, does not wait for what it creates (rule F9)."""
    said: State | Phase | None = None
    """For a witness: the state of the flow run, or the phase of its infrastructure."""


class Details(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """What an event says about its lifecycle that no decision depends on. What it does not say is None, or no tags.

    The start and the end of a lifecycle usually have the same details, so a subject's state holds them once.
    """

    flow_run_name: str | None = None
    flow: Named | None = None
    deployment: Named | None = None
    work_pool: Named | None = None
    worker: Worker | None = None
    runner: Runner | None = None
    tags: tuple[str, ...] = ()
    """Sorted, without repeats."""
