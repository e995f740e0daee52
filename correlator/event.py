"""A lifecycle event: what one of Prefect's five events says, in the words that the rest of the house uses."""

from enum import StrEnum
from typing import NamedTuple, TypeAlias, Union

JSON: TypeAlias = Union[dict[str, "JSON"], list["JSON"], str, int, float, bool, None]
Details: TypeAlias = dict[str, JSON]


class Kind(StrEnum):
    """What a lifecycle is the life of. The value is the name of the record that it ends in."""

    WORKER = "worker-uptime"
    FLOW_RUN = "flow-run-duration"


class Role(StrEnum):
    """What an event is to its lifecycle."""

    START = "start"
    END = "end"
    CANCELLATION = "cancellation"


class Event(NamedTuple):
    """One event that concerns a lifecycle.

    The core decides by every field but ``details``: those are the parts of a record that this event can tell
    (``worker``, ``work_pool``, ``flow_run``, ``flow``, ``deployment``, ``tags``, ``infrastructure``, ``runner``, shaped
    as the record has them, absent where the event does not tell), and only the records look inside.
    """

    kind: Kind
    role: Role
    id: str
    """The event's UUID, lower case, with hyphens."""
    subject: str
    """What the lifecycle belongs to: the worker's resource id, or the flow run's bare UUID."""
    occurred: int
    """When it happened, in microseconds since 1970-01-01 UTC. Exact: all arithmetic on times is on integers."""
    worker: str | None
    """The resource id of the worker that said it; None for a cancellation, which a runner says."""
    follows: str | None
    """The id of the event that this one ends, where Prefect kept it: it drops it from 5 minutes on."""
    truncated: bool
    """Whether ``details`` lost tags to the limit of tags an event."""
    details: Details
