"""What ``/open.json`` is: the whole stage, for people's own tools. Later releases only add keys to a version."""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Raw, Struct

from correlator.core import EndedBy, MatchedBy, Outcome
from correlator.event import Exit, Kind, StateType

VERSION: Final = 1


class StageWorker(Struct):
    """A worker of the stage."""

    name: str
    """Its `CORRELATOR_INSTANCE_ID`, else its address."""
    address: str | None
    """Where it is asked."""
    partitions: Sequence[int]
    """What it holds."""
    recovering: Sequence[int]
    """Of these, those that it has not taken over yet: nothing is told of them."""
    answered: bool
    missing: str | None
    """Why it did not answer: what stands after its name in a sentence."""


class Row(Struct):
    """A lifecycle. What its record has, too, is as there; of what has an id and a name, the name."""

    record_id: str
    kind: Kind
    """The record that it ends in, or has ended in."""
    id: str
    """The worker's resource id, or the flow run's UUID."""
    name: str
    held_by: str
    """The worker of the stage that tells of it."""
    partition: int | None
    """That it is open in; null of a record."""
    outcome: Outcome | None
    """null while it is open."""
    going: bool
    """Whether it started, and nobody has said that it ended, or is to end."""
    open_seconds: Raw | None
    """For how long it has been open; null of a record."""
    usual_seconds: Raw | None
    """How long 95% of the completed runs of its pool took at most; null where that is unknown."""
    flow: str | None
    deployment: str | None
    work_pool: str | None
    worker: str | None
    """The Prefect worker that carries it, or that it is."""
    runner: str | None
    matched_by: MatchedBy | None
    ambiguous: bool
    amended: bool
    """Whether an earlier version of the record was published."""
    started_at: str | None
    """A run's `submitted_at`."""
    running_at: str | None
    ended_at: str | None
    """A worker's `stopped_at`."""
    ended_by: EndedBy | None
    cancelled_at: str | None
    state: StateType | None
    state_at: str | None
    """The flow run's terminal state, and since when."""
    status_code: int | None
    exit: Exit | None
    reason: str | None
    duration_seconds: Raw | None
    """A worker's `uptime_seconds`."""
    startup_seconds: Raw | None
    clock_skew_seconds: Raw


class Rows(Struct):
    """Some lifecycles of all."""

    total: int
    rows: Sequence[Row]


class Document(Struct):
    """What is served."""

    version: int
    app_id: str
    at: str
    complete: bool
    """Whether every partition is told of. Totals and rows are of those that are."""
    partitions: int
    """How many there are."""
    unheld_partitions: Sequence[int]
    """Those that nobody holds."""
    workers: Sequence[StageWorker]
    group_known: bool
    """Whether the group has said who is in it."""
    open: Mapping[str, Rows]
    """`runs` and `workers`, those first that have been open for longest."""
    records: Rows
    """The last ones, newest first; `total` counts from when each worker started."""
