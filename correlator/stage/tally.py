"""What a transaction counts: numbers, and of the records themselves the last few alone."""

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from typing import Final, Protocol

from correlator.core import EndedBy, Fate, Lifecycle, MatchedBy, Outcome
from correlator.event import Kind, Role, State, StateType
from correlator.moments import Moment, Span
from correlator.stage import pools

MOST: Final = 100
"""How many of a transaction's lifecycles are kept, for a look: there may be thousands."""

Series = tuple[Kind, str, Outcome | None, EndedBy | None]
"""What lifecycles of one kind, work pool, outcome and witness of the end have in common."""


@dataclass(slots=True)
class Tally:
    """What a transaction of a stage counts."""

    stage: str
    events: Counter[tuple[tuple[Kind, Role] | None, Fate]] = field(default_factory=Counter)
    """Records of the input: what event each was, if one of ours, and its fate. Ticks are none."""
    dead_letters: Counter[str] = field(default_factory=Counter)
    """By the exception that was the reason."""
    records: Counter[tuple[Kind, Outcome | None, MatchedBy | None, bool]] = field(default_factory=Counter)
    """Records published; last, whether one amends an earlier version."""
    evicted: Counter[tuple[Kind, Outcome | None]] = field(default_factory=Counter)
    truncated: Counter[Kind] = field(default_factory=Counter)
    arrivals: defaultdict[Kind, list[Moment]] = field(default_factory=lambda: defaultdict(list))
    """When the events arrived that first versions were published for; time, or want of room, caused the others."""
    unclaimed: int = 0
    """Witnesses that found no submit."""
    detached: int = 0
    """Submits of workers that do not wait."""
    silent: int = 0
    """Runs of workers that do not wait of which no witness spoke."""
    startups: defaultdict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))
    """How long it took until the flow's own code ran, by work pool."""
    states: Counter[tuple[str, StateType]] = field(default_factory=Counter)
    """How flow runs ended, by work pool."""
    spans: defaultdict[Series, list[Span]] = field(default_factory=lambda: defaultdict(list))
    """How long lifecycles took, as first published: an amendment is no second life."""
    latest: deque[Lifecycle] = field(default_factory=lambda: deque(maxlen=MOST))

    def count(self, lifecycle: Lifecycle, arrived: Moment | None) -> None:
        """Count a record. ``arrived``: when the event did that caused it, if one did."""
        kind, outcome, before = lifecycle.kind, lifecycle.outcome, lifecycle.replaces
        self.records[kind, outcome, lifecycle.matched_by, before is not None] += 1
        self.latest.append(lifecycle)
        if lifecycle.truncated:
            self.truncated[kind] += 1
        if lifecycle.evicted:
            self.evicted[kind, outcome] += 1
        name = pools.called(lifecycle.details.work_pool)
        told = () if before is None else before.heard
        running, state = lifecycle.running, lifecycle.state
        if running is not None and running.id not in told and (startup := lifecycle.startup) is not None:
            self.startups[name].append(startup)
        if state is not None and state.id not in told and isinstance(said := state.said, State):
            self.states[name, said.type] += 1
        if before is not None:
            return
        if arrived is not None:
            self.arrivals[kind].append(arrived)
        if (span := lifecycle.span) is not None:
            self.spans[kind, name, outcome, lifecycle.ended_by].append(span)


class Counts(Protocol):
    """Where tallies go."""

    def add(self, tally: Tally) -> None:
        """Count what is committed."""
