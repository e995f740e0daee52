"""What really happened to a subject, and the events that Prefect sends about it. `wanted` says which records the rules
require, `lives` makes up the truths.
"""

from typing import NamedTuple

from correlator.core import Rules
from correlator.event import Event, Exit, Infrastructure, Kind, Phase, Role, State, StateType
from correlator.moments import MINUTE, SECOND
from tests.core.scenes import at, rules

RULES = rules(flow_run_limit=180, worker_limit=180)
LAG = MINUTE
"""How far the low watermark may lag behind what has occurred if nothing is late."""


class Pod(NamedTuple):
    """A pod, or a task: each phase with its minute, how it ended if that is its last, and the reason."""

    name: str | None
    phases: tuple[tuple[float, Exit | None, str | None], ...]


class Life(NamedTuple):
    """The life of a process, or of a run's infrastructure, in minutes."""

    begun: float
    lasted: float | None
    """None if it never reported its end; negative if a clock runs behind."""
    worker: str = "w1"
    start_arrives: bool = True
    cancelled: tuple[float, ...] = ()
    detached: bool = False
    created: tuple[float, str | None] | None = None
    """When a worker that does not wait had created it, and the identifier that the worker named."""
    pods: tuple[Pod, ...] = ()
    running: tuple[float, ...] = ()
    states: tuple[tuple[float, StateType], ...] = ()
    unheard: frozenset[int] = frozenset()
    """The indexes of the witnesses' events that are lost."""


class Unclear(Exception):
    """A truth whose records depend on the order of arrival."""


class Span(NamedTuple):
    """When something becomes due: not before ``low``, not after ``high``."""

    low: int
    high: int

    def __add__(self, span: int) -> "Span":  # type: ignore[override]
        return Span(self.low + span, self.high + span)

    def before(self, other: "Span") -> bool:
        if self.high < other.low:
            return True
        if other.high < self.low:
            return False
        raise Unclear

    def after(self, *others: "Span") -> "Span":
        """The latest of them."""
        return Span(*map(max, zip(self, *others, strict=True)))


class Delivery(NamedTuple):
    """How the events of a truth are delivered."""

    kind: Kind
    rules: Rules
    lateness: int
    """The most by which an event may come after events that occurred later (except ends with ``follows``)."""

    def late(self, event: Event) -> Span:
        """The clock at which an event comes."""
        lateness = self.lateness
        if event.role is Role.END and event.follows is not None:
            lateness = lateness * self.rules.grace // self.rules.tight_timing
        return Span(event.occurred, event.occurred + lateness)


def events_of(lives: list[Life], kind: Kind, rules: Rules) -> list[Event]:
    """What Prefect sends: ``follows`` only where both are closer than 5 minutes."""
    events: list[Event] = []
    for number, life in enumerate(lives):
        worker = life.worker if kind is Kind.FLOW_RUN else "s"
        begun = at(life.begun)
        if life.start_arrives:
            events.append(Event(Role.START, f"s{number}", begun, worker, detached=life.detached))
        if life.lasted is not None:
            ended = at(life.begun + life.lasted)
            follows = f"s{number}" if abs(ended - begun) < rules.tight_timing else None
            events.append(Event(Role.END, f"e{number}", ended, worker, follows))
        events += [
            Event(Role.CANCELLATION, f"c{number}{which}", at(minutes), None)
            for which, minutes in enumerate(life.cancelled)
        ]
        said = _witnesses(life, number, worker)
        events += [event for which, event in enumerate(said) if which not in life.unheard]
    return sorted(events, key=lambda event: (event.occurred, event.id))


def _witnesses(life: Life, number: int, worker: str) -> list[Event]:
    said: list[Event] = []
    if life.created is not None:
        minutes, name = life.created
        named = None if name is None else Infrastructure(name, None)
        said.append(Event(Role.CREATION, f"k{number}", at(minutes), worker, f"s{number}", infrastructure=named))
    for which, minutes in enumerate(life.running):
        said.append(Event(Role.RUNNING, f"r{number}{which}", at(minutes), None))
    for which, (minutes, type_) in enumerate(life.states):
        said.append(Event(Role.STATE, f"t{number}{which}", at(minutes), None, said=State(type_, None)))
    for which, pod in enumerate(life.pods):
        for place, (minutes, exit_, reason) in enumerate(pod.phases):
            phase = Phase(f"p{number}{which}", pod.name, exit_, reason)
            dated = at(minutes) // SECOND * SECOND  # Kubernetes dates to the second
            said.append(Event(Role.PHASE, f"p{number}{which}{place}", dated, None, said=phase))
    return said


__all__ = ["LAG", "MINUTE", "RULES", "SECOND", "Delivery", "Life", "Pod", "Span", "Unclear", "events_of"]
