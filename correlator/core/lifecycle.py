"""What is decided: a version of a lifecycle, with everything that its record needs."""

from enum import StrEnum
from typing import Final, NamedTuple

from correlator.event import Details, Event, Kind


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
    replaces: Outcome | None
    """The outcome of the version that was published before, which this one amends; None for a first version."""

    @property
    def amended(self) -> bool:
        """Whether a version was published before."""
        return self.replaces is not None

    @property
    def evicted(self) -> bool:
        """Whether it had to end for want of room, by no rule of time."""
        return self.cause.startswith(EVICTED)

    @property
    def opening(self) -> Event:
        """The event that gives it its identity."""
        opening = self.start or self.end or self.cancellation
        assert opening is not None
        return opening

    @property
    def span(self) -> int | None:
        """Microseconds from start to end, where both are known. Negative where their clocks differ."""
        return None if self.start is None or self.end is None else self.end.occurred - self.start.occurred

    @property
    def told(self) -> Details:
        """What its events tell: of each part what the start says, else the end, else the cancellation. What one of
        them leaves null, a later one may fill in that otherwise says the same.
        """
        told: Details = {}
        for event in (self.start, self.end, self.cancellation):
            if event is None:
                continue
            for part, said in event.details.items():
                known = told.setdefault(part, said)
                if known != said and isinstance(known, dict) and isinstance(said, dict):
                    told[part] = _filled_in(known, said)
        return told


def _filled_in(known: Details, said: Details) -> Details:
    agree = all(said.get(label) in (value, None) for label, value in known.items() if value is not None)
    return {label: said.get(label) if value is None else value for label, value in known.items()} if agree else known
