"""What is decided: a version of a lifecycle, with everything that its record needs."""

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
    """Whose word an end is (rule W2)."""

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
    """The version of a lifecycle that was published last."""

    outcome: Outcome
    matched_by: MatchedBy | None
    ambiguous: bool
    end: str | None
    """The event that ended it: its worker's, or a witness's."""
    cancellation: str | None
    superseded_by: str | None
    heard: tuple[str, ...] = ()
    """What else it told of: witnesses, a runner that cancelled after the flow run's state had said so."""


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
    """The best word on its end: its worker's, else a pod's or a task's, else the flow run's (rule W2)."""
    cancellation: Event | None = None
    """The earliest, of several; the flow run's state, where that says it first."""
    creation: Event | None = None
    running: Event | None = None
    state: Event | None = None
    phase: Event | None = None
    """What else witnesses say: the first creation and RUNNING, the terminal state, how the last pod or task ended."""
    superseded_by: str | None = None
    """The id of the start that came after."""
    cause: str
    """What caused this version: an event's id, or a deadline's name and what it was the deadline of."""
    replaces: Version | None = None
    """The version that was published before, which this one amends; None for a first one."""
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
        for event in (self.start, self.end, self.cancellation, self.creation, self.state, self.phase):
            if event is not None and event.truncated:
                return True
        return self.bare

    @property
    def events(self) -> list[Event]:
        """All that it tells of."""
        witnesses = (self.creation, self.running, self.state, self.phase)
        return [event for event in (self.start, self.end, self.cancellation, *witnesses) if event is not None]

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
    def ended_by(self) -> EndedBy | None:
        """Whose word its end is; None where it has none."""
        if self.end is None:
            return None
        role = self.end.role
        return _WORKER if role is _END else _INFRASTRUCTURE if role is _PHASE else _FLOW_RUN

    @property
    def startup(self) -> Span | None:
        """From its start until the flow's own code ran, where both are known."""
        return None if self.start is None or self.running is None else self.running.occurred - self.start.occurred

    @property
    def infrastructure(self) -> Infrastructure | None:
        """What ran it, as its events tell together."""
        infrastructure = None
        for event in (self.start, self.end, self.cancellation, self.creation):
            if event is not None and (told := event.infrastructure) is not None:
                infrastructure = told if infrastructure is None else filled_in(infrastructure, told)
        if self.phase is None or not isinstance(said := self.phase.said, Phase):
            return infrastructure
        known = infrastructure or Infrastructure(None, None)
        return Infrastructure(known.identifier, known.status_code, said.exit, said.reason)
