"""A version of a lifecycle, as decided: everything that its record needs."""

from enum import StrEnum
from typing import Final

from msgspec import Struct

from correlator.core.telling import filled_in, merged
from correlator.event import Details, Event, Infrastructure, Kind, Phase, Role
from correlator.moments import Span


class Outcome(StrEnum):
    """How a lifecycle ended (rules O1 to O5)."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    LOST = "lost"
    UNMATCHED = "unmatched"


class EndedBy(StrEnum):
    """Who reported the end that counts (rule W2)."""

    WORKER = "worker"
    INFRASTRUCTURE = "infrastructure"
    FLOW_RUN = "flow-run"


_END, _PHASE = Role.END, Role.PHASE
_WORKER, _INFRASTRUCTURE, _FLOW_RUN = EndedBy.WORKER, EndedBy.INFRASTRUCTURE, EndedBy.FLOW_RUN


class MatchedBy(StrEnum):
    """How an end found its start (rules M1 and M2)."""

    FOLLOWS = "follows"
    RESOURCE = "resource"


class Version(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """What is remembered of the last published version of a lifecycle."""

    outcome: Outcome
    matched_by: MatchedBy | None
    ambiguous: bool
    end: str | None
    """The id of the event that ended it, from its worker or from a witness."""
    cancellation: str | None
    superseded_by: str | None
    heard: tuple[str, ...] = ()
    """The ids of its other events: witnesses, and a runner's cancellation that came after the flow run's own."""


EVICTED: Final = "evicted:"
"""The prefix of the cause of a lifecycle that was ended for want of room."""


class Lifecycle(Struct, frozen=True, gc=False, kw_only=True):
    """One version of one lifecycle, to be published. It has a start, an end or a cancellation, and takes its identity
    from the first of these that it has (rule S2).
    """

    kind: Kind
    subject: str
    outcome: Outcome | None
    """None while it is open: then it is displayed, not published."""
    matched_by: MatchedBy | None = None
    ambiguous: bool = False
    start: Event | None = None
    end: Event | None = None
    """The best report of its end: its worker's, else a pod's or task's, else the flow run's (rule W2)."""
    cancellation: Event | None = None
    """The earliest cancellation; the flow run's state, if that came first."""
    creation: Event | None = None
    running: Event | None = None
    state: Event | None = None
    phase: Event | None = None
    """What witnesses say besides: the first creation and RUNNING, the terminal state, the end of the last pod or
    task."""
    superseded_by: str | None = None
    """The id of the start that superseded this one."""
    cause: str
    """What caused this version: an event's id, or a deadline's name followed by the id of its event."""
    replaces: Version | None = None
    """The version that this one amends; None for the first."""
    told: tuple[Details, ...]
    """The details of its start, its end and its cancellation, in this order, without repeats."""
    bare: bool = False
    """Whether the details were left out for size."""

    @property
    def amended(self) -> bool:
        """Whether a version was published before."""
        return self.replaces is not None

    @property
    def evicted(self) -> bool:
        """Whether it was ended for want of room rather than by an event or a deadline."""
        return self.cause.startswith(EVICTED)

    @property
    def truncated(self) -> bool:
        """Whether anything that an event said was left out."""
        for event in (self.start, self.end, self.cancellation, self.creation, self.state, self.phase):
            if event is not None and event.truncated:
                return True
        return self.bare

    @property
    def events(self) -> list[Event]:
        """All events that the record reports."""
        witnesses = (self.creation, self.running, self.state, self.phase)
        return [event for event in (self.start, self.end, self.cancellation, *witnesses) if event is not None]

    @property
    def opening(self) -> Event:
        """The event that gives the lifecycle its identity."""
        opening = self.start or self.end or self.cancellation
        assert opening is not None
        return opening

    @property
    def span(self) -> Span | None:
        """The time from start to end, if both are known; negative if their clocks differ."""
        return None if self.start is None or self.end is None else self.end.occurred - self.start.occurred

    @property
    def details(self) -> Details:
        """The details of its events, merged (rule S4)."""
        return self.told[0] if len(self.told) == 1 else merged(self.told)

    @property
    def ended_by(self) -> EndedBy | None:
        """Who reported its end; None if it has none."""
        if self.end is None:
            return None
        role = self.end.role
        return _WORKER if role is _END else _INFRASTRUCTURE if role is _PHASE else _FLOW_RUN

    @property
    def startup(self) -> Span | None:
        """The time from its start until the flow's own code ran, if both are known."""
        return None if self.start is None or self.running is None else self.running.occurred - self.start.occurred

    @property
    def infrastructure(self) -> Infrastructure | None:
        """What ran it, merged from its events."""
        infrastructure = None
        for event in (self.start, self.end, self.cancellation, self.creation):
            if event is not None and (told := event.infrastructure) is not None:
                infrastructure = told if infrastructure is None else filled_in(infrastructure, told)
        if self.phase is None or not isinstance(said := self.phase.said, Phase):
            return infrastructure
        known = infrastructure or Infrastructure(None, None)
        return Infrastructure(known.identifier, known.status_code, said.exit, said.reason)
