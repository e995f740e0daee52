"""The document of ``/open.json``: the stage, for people's own tools. Later releases only add keys to a version."""

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
    """The host and port at which other workers ask it; null if it has no web port."""
    partitions: Sequence[int]
    """The partitions that it holds."""
    recovering: Sequence[int]
    """Those of its partitions that it has not taken over yet. Their lifecycles are missing in this document."""
    answered: bool
    missing: str | None
    """Why it did not answer: a text that completes a sentence after its name."""


class Row(Struct):
    """A lifecycle. Fields that its record has, too, have the same values; of what has an id and a name in a record, a
    row has the name, or else the id.
    """

    record_id: str
    kind: Kind
    """The kind of record that it ends in, or has ended in."""
    id: str
    """The worker's resource id, or the flow run's UUID."""
    name: str
    held_by: str
    """The worker of the stage that reports it."""
    partition: int | None
    """The partition in which it is open; null for a record."""
    outcome: Outcome | None
    """null while it is open."""
    going: bool
    """Whether it has started, and no event says that it has ended or is being cancelled."""
    open_seconds: Raw | None
    """How long it has been open; null for a record."""
    usual_seconds: Raw | None
    """The duration that 95% of the completed runs of its pool did not exceed; null if unknown, and for a worker."""
    flow: str | None
    deployment: str | None
    work_pool: str | None
    worker: str | None
    """The Prefect worker that carries the run, or the worker itself."""
    runner: str | None
    matched_by: MatchedBy | None
    ambiguous: bool
    amended: bool
    """Whether an earlier version of its record was published."""
    started_at: str | None
    """A run's `submitted_at`."""
    running_at: str | None
    ended_at: str | None
    """A worker's `stopped_at`."""
    ended_by: EndedBy | None
    cancelled_at: str | None
    state: StateType | None
    state_at: str | None
    """When the flow run entered its terminal state, which is in ``state``."""
    status_code: int | None
    exit: Exit | None
    reason: str | None
    duration_seconds: Raw | None
    """A worker's `uptime_seconds`."""
    startup_seconds: Raw | None
    clock_skew_seconds: Raw


class Rows(Struct):
    """Lifecycles, of which the document may have a part only."""

    total: int
    """How many there are, with a row or without."""
    rows: Sequence[Row]


class Document(Struct):
    """The document."""

    version: int
    app_id: str
    at: str
    complete: bool
    """Whether every partition is reported. If not, totals and rows cover the reported ones."""
    partitions: int
    """How many partitions the stage has."""
    unheld_partitions: Sequence[int]
    """The partitions that no worker holds."""
    workers: Sequence[StageWorker]
    group_known: bool
    """Whether the members of the group are known."""
    open: Mapping[str, Rows]
    """The open `runs` and `workers`, the longest open first."""
    records: Rows
    """The latest records, newest first; `total` counts those since each worker started."""
