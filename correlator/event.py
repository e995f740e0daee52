"""A lifecycle event: what one of Prefect's events says, in the words that the rest of the house uses."""

from enum import StrEnum
from typing import Annotated, TypeAlias, Union

from msgspec import Meta, Struct

from correlator.moments import Moment

JSON: TypeAlias = Union[dict[str, "JSON"], list["JSON"], str, int, float, bool, None]


# Where every event passes, modules give members of enumerations names of their own: looked up in its class, a member
# takes Python 3.11 a tenth of a microsecond.


class Kind(StrEnum):
    """What a lifecycle is the life of. The value is the name of the record that it ends in."""

    WORKER = "worker-uptime"
    FLOW_RUN = "flow-run-duration"


class Role(StrEnum):
    """What an event is to its lifecycle. The last four are those of witnesses: they tell of a run that a worker has
    submitted, and open nothing (rule W1).
    """

    START = "start"
    END = "end"
    CANCELLATION = "cancellation"
    CREATION = "creation"
    """A worker that does not wait has created the infrastructure."""
    PHASE = "phase"
    """A pod or a task lives, or has ended."""
    RUNNING = "running"
    """The flow's own code runs."""
    STATE = "state"
    """The flow run is in a state that is its last."""


UUID: TypeAlias = Annotated[str, Meta(extra_json_schema={"format": "uuid"})]

# What records have of them as they are, keys and all: each is described for their readers.


class RecordPart(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Common to the parts of a record."""


class Exit(StrEnum):
    """How a pod or a task ended: as Prefect's event has it."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    EVICTED = "evicted"
    STOPPED = "stopped"


class Infrastructure(RecordPart, frozen=True):
    """What ran the flow run."""

    identifier: str | None
    """The worker's name for it: a process id, a job's, task's or container's name."""
    status_code: int | None
    """The exit code of the *process*, as a worker saw it that waited for it, not the state of the flow: since Prefect
    3.8.4, a flow that raises exits with 0. null where the worker does not wait."""
    exit: Exit | None = None
    """How its last pod or task ended: `succeeded`, `failed` or `evicted` of a pod, `stopped` of a task. Prefect calls
    nearly every pod that fails `evicted`, and a pod whose flow fails may well succeed: see `state`."""
    reason: str | None = None
    """Kubernetes' reason for that, such as `Error` or `OOMKilled`."""


class StateType(StrEnum):
    """The types of a flow run's states that are its last."""

    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CRASHED = "CRASHED"
    CANCELLED = "CANCELLED"


class Named(RecordPart, frozen=True):
    """Something that Prefect knows by a UUID."""

    id: UUID
    """Its UUID."""
    name: str | None
    """As Prefect's event has it; null where it has none."""


class Worker(RecordPart, frozen=True):
    """A Prefect worker."""

    id: str
    """The worker's resource id, `prefect.worker.<type>.<slug of its name>`. Workers of one name share it."""
    name: str | None
    """As Prefect's event has it; null where it has none."""
    type: str | None
    """The type of the worker and of its pool, such as `process` or `kubernetes`."""
    version: str | None
    """The version of Prefect that it runs."""


class Runner(RecordPart, frozen=True):
    """A Prefect runner: what runs a flow run's process and cancels it."""

    id: str
    """The runner's resource id, `prefect.runner.<slug of its name>`."""
    name: str | None
    """As Prefect's event has it; null where it has none."""
    version: str | None
    """The version of Prefect that it runs."""


# What the table and the lifecycles topic hold by position: the fields in this order. Changed, it is another version.


class State(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True, tag_field="what", tag="state"):
    """What became of a flow run."""

    type: StateType
    name: str | None


class Phase(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True, tag_field="what", tag="phase"):
    """How it is with a pod or a task."""

    unit: str
    """The pod's or task's resource id: another one may take its place."""
    name: str | None
    """The pod's name, or the task's ARN: what its worker may have named as it created it (rule W3)."""
    exit: Exit | None
    """None while it lives."""
    reason: str | None


class Event(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """One event that concerns a lifecycle, as far as decisions are made by it. What else it tells is its `Details`."""

    role: Role
    id: str
    """The event's UUID, lower case, with hyphens."""
    occurred: Moment
    worker: str | None
    """The resource id of the worker that said it; None where another did: a runner (rule F7), a witness."""
    follows: str | None = None
    """The id of the event that this one ends, where Prefect kept it (rule F1)."""
    truncated: bool = False
    """Whether what it tells was cut (rules B4 and B5)."""
    infrastructure: Infrastructure | None = None
    detached: bool = False
    """Of a submit: whether its worker does not wait for what it creates (rule F9)."""
    said: State | Phase | None = None
    """What a witness says: a state of the flow run, a phase of its infrastructure."""


class Details(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """What an event tells of its lifecycle besides: nothing is decided by it. None, or no tags, where it is silent.

    Start and end of a lifecycle tell the same as a rule, so that a subject's state holds it once.
    """

    flow_run_name: str | None = None
    flow: Named | None = None
    deployment: Named | None = None
    work_pool: Named | None = None
    worker: Worker | None = None
    runner: Runner | None = None
    tags: tuple[str, ...] = ()
    """Sorted, each once."""
