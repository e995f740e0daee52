"""What is decided: a version of a lifecycle, with everything that its record needs."""

from enum import StrEnum
from typing import Final, NamedTuple

from correlator.event import Event, Kind


class Outcome(StrEnum):
    """How a lifecycle ended."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    LOST = "lost"
    UNMATCHED = "unmatched"


class MatchedBy(StrEnum):
    """How an end found its start."""

    FOLLOWS = "follows"
    RESOURCE = "resource"


EVICTED: Final = "evicted:"
"""What the cause begins with of what had to end for want of room."""


class Lifecycle(NamedTuple):
    """One version of one lifecycle, to publish. It has a start, an end or a cancellation; the first of these is its
    identity.
    """

    kind: Kind
    subject: str
    outcome: Outcome | None
    matched_by: MatchedBy | None
    ambiguous: bool
    truncated: bool
    start: Event | None
    end: Event | None
    cancellation: Event | None
    """The earliest, of several."""
    superseded_by: str | None
    """The id of the start that came after."""
    cause: str
    """What caused this version: an event's id, or a deadline's name and what it was the deadline of."""
    amended: bool
    """Whether a version was published before."""

    @property
    def evicted(self) -> bool:
        """Whether it had to end for want of room, by no rule of time."""
        return self.cause.startswith(EVICTED)
