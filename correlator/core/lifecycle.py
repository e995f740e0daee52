"""What is decided: a version of a lifecycle, with everything that its record needs."""

from enum import StrEnum
from typing import Final

from msgspec import Struct

from correlator.core.telling import filled_in, merged
from correlator.event import Details, Event, Infrastructure, Kind
from correlator.moments import Span


class Outcome(StrEnum):
    """How a lifecycle ended (rules O1 to O5)."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    LOST = "lost"
    UNMATCHED = "unmatched"


class MatchedBy(StrEnum):
    """How an end found its start (rules M1 and M2)."""

    FOLLOWS = "follows"
    RESOURCE = "resource"


EVICTED: Final = "evicted:"
"""What the cause begins with of what had to end for want of room."""


class Lifecycle(Struct, frozen=True, gc=False, kw_only=True):
    """One version of one lifecycle, to publish. It has a start, an end or a cancellation; the first of these is its
    identity (rule S2).
    """

    kind: Kind
    subject: str
    outcome: Outcome | None
    """None while it is open: then it is shown, and not published."""
    matched_by: MatchedBy | None = None
    ambiguous: bool = False
    start: Event | None = None
    end: Event | None = None
    cancellation: Event | None = None
    """The earliest, of several."""
    superseded_by: str | None = None
    """The id of the start that came after."""
    cause: str
    """What caused this version: an event's id, or a deadline's name and what it was the deadline of."""
    replaces: Outcome | None = None
    """The outcome of the version that was published before, which this one amends; None for a first version."""
    told: tuple[Details, ...]
    """What its events tell, the start's first, then the end's, then the cancellation's; what is told twice, once."""
    bare: bool = False
    """Whether what its events tell was left out."""

    @property
    def amended(self) -> bool:
        """Whether a version was published before."""
        return self.replaces is not None

    @property
    def evicted(self) -> bool:
        """Whether it had to end for want of room, by no rule of time."""
        return self.cause.startswith(EVICTED)

    @property
    def truncated(self) -> bool:
        """Whether something that an event told is left out."""
        for event in (self.start, self.end, self.cancellation):
            if event is not None and event.truncated:
                return True
        return self.bare

    @property
    def opening(self) -> Event:
        """The event that gives it its identity."""
        opening = self.start or self.end or self.cancellation
        assert opening is not None
        return opening

    @property
    def span(self) -> Span | None:
        """From start to end, where both are known. Negative where their clocks differ."""
        return None if self.start is None or self.end is None else self.end.occurred - self.start.occurred

    @property
    def details(self) -> Details:
        """What its events tell together (rule S4)."""
        return self.told[0] if len(self.told) == 1 else merged(self.told)

    @property
    def infrastructure(self) -> Infrastructure | None:
        """What ran it, as its events tell together."""
        infrastructure = None
        for event in (self.start, self.end, self.cancellation):
            if event is not None and (told := event.infrastructure) is not None:
                infrastructure = told if infrastructure is None else filled_in(infrastructure, told)
        return infrastructure
