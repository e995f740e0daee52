"""What is done in a session, and what is known about it besides the events."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

ENDS: Final = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})
"""The types of a flow run's terminal states."""


class Plot(StrEnum):
    """What was done, in words."""

    STOPPED = "a worker is stopped by SIGINT"
    TERMINATED = "a worker is stopped by SIGTERM"
    KILLED = "a worker is killed, and started again"
    OLD = "a worker is stopped that was up for more than 5 minutes"
    COMPLETES = "a run completes"
    AGAIN = "a run that completed is scheduled again, by the API"
    LONG = "a run takes more than 5 minutes"
    RAISES = "a run raises"
    EXITS = "a run's process exits with 3"
    RETRIES = "a run raises, and is retried by its flow"
    CANCELLED = "a run is cancelled while it runs"
    HOOKED = "a run with an on_cancellation hook of 8 s is cancelled"
    PENDING = "a run is cancelled while it is pending"
    UNPICKED = "a run is cancelled before a worker takes it"
    ORPHANED = "a run whose worker is killed completes"
    SERVED = "a served run completes"
    SERVED_CANCELLED = "a served run is cancelled"

    @property
    def is_worker(self) -> bool:
        """Whether it concerns a worker; if not, it concerns a flow run."""
        return self in {Plot.STOPPED, Plot.TERMINATED, Plot.KILLED, Plot.OLD}


class State(Struct, frozen=True):
    """A state of a flow run, as the API reports it."""

    type: str
    name: str
    at: datetime


class Deed(Struct, frozen=True):
    """Something that was done. Times are in seconds since 1970, by this machine's clock, which all processes share."""

    plot: Plot
    subject: str
    """The worker's name, or the flow run's id."""
    since: float
    """A time just before it was begun."""
    until: float | None
    """When it was seen to be over; None if Prefect did not say so while the driver waited."""
    began: float | None = None
    """When the worker logged that it had started, or the flow's own code began."""
    ended: float | None = None
    """When the worker was told to end, or the flow's own code ended."""
    hooked: float | None = None
    """When its on_cancellation hook had finished."""
    pid: int | None = None
    """The id of the process in which the flow's own code ran."""


class Done(Struct, frozen=True):
    """A whole session, without its events."""

    release: str
    python: str
    seconds: float
    """How long the session took."""
    deeds: list[Deed]
    states: dict[str, list[State]]
    """The states of each flow run, as the API reports them."""
