"""A start that arrived, with everything that belongs to it: what is published once some of it has come, and until when
it is then remembered.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from correlator.event import Event, Phase, Role, State, StateType
from tests.core.truth import LAG, SECOND, Delivery, Span


class WitnessedEnd(NamedTuple):
    """The end of a run as its witnesses report it."""

    event: Event
    counts: Span


@dataclass
class Testimony:
    """What the witnesses say about one submit, with only the last phase of each pod or task."""

    all: list[Event]
    end: Event | None = None
    """The end that its worker reported."""

    def of(self, role: Role) -> list[Event]:
        return [event for event in self.all if event.role is role]

    @property
    def lives(self) -> bool:
        """Whether the last pod lives, having replaced the others."""
        phases = self.of(Role.PHASE)
        latest = max((event.occurred for event in phases), default=None)
        return any(event.occurred == latest and not _has_ended(event) for event in phases)

    @property
    def counted(self) -> list[Event]:
        """The first creation, the first RUNNING, the terminal state, the last end of a pod."""
        return self.of(Role.CREATION)[:1] + self.of(Role.RUNNING)[:1] + self.states[-1:] + self.ends

    @property
    def states(self) -> list[Event]:
        """The terminal states after which the flow did not run again."""
        return [event for event in self.of(Role.STATE) if event.occurred >= self._ran]

    @property
    def ends(self) -> list[Event]:
        """The end of the last pod, if the flow did not run again a second later or more."""
        return [] if self.lives else [it for it in self.of(Role.PHASE)[-1:] if self._ran < it.occurred + SECOND]

    @property
    def _ran(self) -> int:
        """When the flow began to run for the last time, before its worker saw it end."""
        ran = (event.occurred for event in self.of(Role.RUNNING))
        return max((at for at in ran if self.end is None or at <= self.end.occurred), default=0)

    def word(self, delivery: Delivery, *, detached: bool) -> WitnessedEnd | None:
        states, ends = self.states[-1:], self.ends
        if not states and not ends:
            return None
        known = (ends or states)[0]
        if detached and states and ends:
            return WitnessedEnd(known, delivery.late(known).after(*map(delivery.late, states)))
        counts = delivery.late(known) + delivery.rules.grace
        for state in self.states if ends else []:
            if Span(state.occurred - LAG, delivery.late(state).high).before(
                counts
            ):  # else it was published by then, and the state amends it
                counts = counts.after(delivery.late(state) + delivery.rules.grace)
        return WitnessedEnd(known, counts)


@dataclass(eq=False)
class Lived:
    """A start that arrived, with everything that belongs to it."""

    start: Event
    next: Event | None = None
    end: Event | None = None
    how: str = ""
    passed_over: bool = False
    cancellations: list[Event] = field(default_factory=list)
    heard: Testimony = field(default_factory=lambda: Testimony([]))

    def ended_by_time(self, delivery: Delivery) -> tuple[str, Span]:
        """The outcome without an end or a cancellation, and when it is due."""
        lost = ("lost", delivery.late(self.start) + delivery.rules.limit(delivery.kind))
        if self.next is None:
            return lost
        superseded = (f"superseded by {self.next.id}", delivery.late(self.next) + delivery.rules.grace)
        return lost if lost[1].before(superseded[1]) else superseded

    def word(self, delivery: Delivery, heard: Testimony) -> WitnessedEnd | None:
        return heard.word(delivery, detached=self.start.detached)

    def forgotten(
        self, delivery: Delivery, end: Event | None, cancellations: list[Event], heard: Testimony, moved: list[Event]
    ) -> Span:
        """When the lifecycle is forgotten if nothing else belonged to it. ``moved``: phases of its pods that belong to
        another.
        """
        begun = delivery.late(self.start)
        word = self.word(delivery, heard)
        amended = [*cancellations, *heard.all]
        if end is not None:
            waits = delivery.rules.tight_timing if end.follows is None else 0  # where it has several candidates
            ended = delivery.late(end)
            published = begun.after(Span(ended.low, max(ended.high, end.occurred + waits)))
        elif word is not None:
            published = begun.after(word.counts)
        else:
            published = self._without_end(delivery, cancellations)
        if end is None and heard.lives:
            # It may have been published by what no longer counts, and is open again until time ends it.
            amended = [event for event in amended if event.role is not Role.PHASE or _has_ended(event)]
            earliest = published.low
        else:
            surely = [*cancellations[:1], *heard.counted]
            earliest = max([published.low, *(delivery.late(event).low for event in surely)])
        latest = max([published.high, *(delivery.late(event).high for event in (*amended, *moved))])
        return Span(earliest, latest) + delivery.rules.remember

    def _without_end(self, delivery: Delivery, cancellations: list[Event]) -> Span:
        _, due = self.ended_by_time(delivery)
        if not cancellations:
            return due
        cancelled = delivery.late(cancellations[0])
        due = cancelled + delivery.rules.grace if cancelled.before(due) else cancelled
        return Span(due.low, due.high + delivery.lateness)  # amended, by one that came later and occurred before

    def written(self, delivery: Delivery) -> str:
        """The record in the notation of `scenes.written`."""
        word = self.word(delivery, self.heard)
        end, how = (self.end, self.how) if self.end or word is None else (word.event, "resource")
        cancels = self.cancellations + [
            event
            for event in self.heard.states[-1:]
            if isinstance(event.said, State) and event.said.type is StateType.CANCELLED
        ]
        cancelled = min(cancels, key=lambda event: event.occurred, default=None)
        met = f"{self.start.id}..{end.id if end else ''}"
        if cancelled is not None:
            met = " ".join(filter(None, (f"{met}/{cancelled.id} cancelled", how)))
        else:
            met = f"{met} completed {how}" if end else f"{met} {self.ended_by_time(delivery)[0]}"
        heard = ",".join(event.id for event in self.heard.counted)
        return f"{met} ({heard})" if heard else met


def _has_ended(phase: Event) -> bool:
    return isinstance(phase.said, Phase) and phase.said.exit is not None
