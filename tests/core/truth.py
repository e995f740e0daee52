"""What really happened to a subject, the events that Prefect sends of it, and the records that the rules want.

The records are found in another way than the core's: over the whole truth at once, in the order in which it happened,
knowing nothing of arrival. Where the rules leave it to the order of arrival (an end that comes at the very time at
which its start is forgotten), `Unclear` is raised: such a truth is not compared.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from correlator.core import Rules
from correlator.event import Event, Kind, Role
from correlator.moments import MINUTE, SECOND
from tests.core.scenes import at, rules

RULES = rules(flow_run_limit=180, worker_limit=180)
LAG = MINUTE
"""How far the low watermark may be behind what has occurred, where nothing is late."""


class Life(NamedTuple):
    """A process or a run's infrastructure: in minutes."""

    begun: float
    lasted: float | None
    """None: it never said that it ended. Negative: by a clock that runs behind."""
    worker: str = "w1"
    start_arrives: bool = True
    cancelled: tuple[float, ...] = ()


class Told(NamedTuple):
    """How a truth is told."""

    kind: Kind
    rules: Rules
    lateness: int
    """Nothing comes more than this after what occurred after it (ends with ``follows`` aside)."""

    def late(self, event: Event) -> "Span":
        """The clock when it came."""
        return Span(event.occurred, event.occurred + self.lateness)


class Unclear(Exception):
    """A truth in which the order of arrival may tell."""


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


@dataclass
class Lived:
    """A start that arrived, and what is found to belong to it."""

    start: Event
    next: Event | None = None
    end: Event | None = None
    how: str = ""
    passed_over: bool = False
    cancellations: list[Event] = field(default_factory=list)

    def ended_by_time(self, told: Told) -> tuple[str, Span]:
        """The outcome without an end or a cancellation, and when it is due."""
        lost = ("lost", told.late(self.start) + told.rules.limit(told.kind))
        if self.next is None:
            return lost
        superseded = (f"superseded by {self.next.id}", told.late(self.next) + told.rules.grace)
        return lost if lost[1].before(superseded[1]) else superseded

    def forgotten(self, told: Told, until: int) -> Span:
        """When it is forgotten, if it had no end by then."""
        _, due = self.ended_by_time(told)
        known = [cancellation for cancellation in self.cancellations if cancellation.occurred <= until]
        if known:
            cancelled = told.late(known[0])
            due = cancelled + told.rules.grace if cancelled.before(due) else cancelled
            due = Span(due.low, due.high + told.lateness)  # amended, by one that came later and occurred before
        return due + told.rules.remember


def events_of(lives: list[Life], kind: Kind, rules: Rules) -> list[Event]:
    """What Prefect sends: ``follows`` only where both are closer than 5 minutes."""
    events: list[Event] = []
    for number, life in enumerate(lives):
        worker = life.worker if kind is Kind.FLOW_RUN else "s"
        begun = at(life.begun)
        if life.start_arrives:
            events.append(Event(Role.START, f"s{number}", begun, worker))
        if life.lasted is not None:
            ended = at(life.begun + life.lasted)
            follows = f"s{number}" if abs(ended - begun) < rules.tight_timing else None
            events.append(Event(Role.END, f"e{number}", ended, worker, follows))
        events += [
            Event(Role.CANCELLATION, f"c{number}{which}", at(minutes), None)
            for which, minutes in enumerate(life.cancelled)
        ]
    return sorted(events, key=lambda event: event.occurred)


def records_of(events: list[Event], told: Told) -> set[str]:
    """The final records, written as `scenes.written` does."""
    lived = [Lived(event) for event in events if event.role is Role.START]
    if not (told.kind is Kind.WORKER and told.rules.worker_names_shared):
        for one, after in pairwise(lived):
            one.next = after.start
    by_id = {one.start.id: one for one in lived}
    unmatched: list[Event] = []
    alone: list[Event] = []
    for event in events:
        if event.role is Role.END and event.follows in by_id:
            by_id[event.follows].end, by_id[event.follows].how = event, "follows"
    for event in events:
        if event.role is Role.CANCELLATION:
            owner = _cancelled(event, lived, told)
            (alone if owner is None else owner.cancellations).append(event)
        elif event.role is Role.END:
            found = event.follows in by_id if event.follows else _guess(event, lived, told)
            if not found:
                unmatched.append(event)
    unmatched.sort(key=lambda event: event.occurred)
    joined: dict[str, Event] = {}
    for cancellation in list(alone):
        end = _end_without_submit(cancellation, unmatched, told)
        if end is not None:
            alone.remove(cancellation)
            joined.setdefault(end.id, cancellation)
    return {
        *(_written(one, told) for one in lived),
        *(
            f"..{end.id}/{joined[end.id].id} cancelled" if end.id in joined else f"..{end.id} unmatched"
            for end in unmatched
        ),
        *(f"../{cancellation.id} cancelled" for cancellation in alone),
    }


def _remembered(one: Lived, told: Told, event: Event) -> bool:
    """Whether a start without an end is still known when the event comes."""
    when = Span(event.occurred - LAG, event.occurred + told.lateness)
    return when.before(one.forgotten(told, event.occurred))


def _guess(end: Event, lived: list[Lived], told: Told) -> bool:
    able = [
        one
        for one in lived
        if one.end is None
        and one.start.occurred <= end.occurred - told.rules.tight_timing
        and one.start.worker == end.worker
        and _remembered(one, told, end)
    ]
    if not able:
        return False
    *older, chosen = able
    chosen.end = end
    chosen.how = "resource ambiguous" if older or chosen.passed_over else "resource"
    for one in older:
        one.passed_over = True
    return True


def _cancelled(cancellation: Event, lived: list[Lived], told: Told) -> Lived | None:
    before = [one for one in lived if one.start.occurred <= cancellation.occurred]
    if not before:
        return None
    latest = before[-1]
    if latest.end is not None:
        return latest if latest.end.occurred >= cancellation.occurred - told.rules.clock_tolerance else None
    return latest if _remembered(latest, told, cancellation) else None


def _end_without_submit(cancellation: Event, unmatched: list[Event], told: Told) -> Event | None:
    for end in unmatched:
        if end.occurred >= cancellation.occurred - told.rules.clock_tolerance and Span(
            end.occurred - LAG, end.occurred + told.lateness
        ).before(told.late(cancellation) + told.rules.grace):
            return end
    return None


def _written(one: Lived, told: Told) -> str:
    met = f"{one.start.id}..{one.end.id if one.end else ''}"
    if one.cancellations:
        return " ".join(filter(None, (f"{met}/{one.cancellations[0].id} cancelled", one.how)))
    return f"{met} completed {one.how}" if one.end else f"{met} {one.ended_by_time(told)[0]}"


__all__ = ["LAG", "MINUTE", "RULES", "SECOND", "Life", "Told", "Unclear", "events_of", "records_of"]
