"""What a transaction counts: numbers, and of the records themselves the last few alone."""

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from typing import Final, Protocol

from correlator.core import Fate, Lifecycle, MatchedBy, Outcome
from correlator.event import Kind, Role
from correlator.moments import Moment, Span

MOST: Final = 100
"""How many of a transaction's lifecycles are kept, for a look: there may be thousands."""

Series = tuple[Kind, str, Outcome | None]
"""What lifecycles of one kind, work pool and outcome have in common."""


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
    spans: defaultdict[Series, list[Span]] = field(default_factory=lambda: defaultdict(list))
    """How long lifecycles took, as first published: an amendment is no second life."""
    latest: deque[Lifecycle] = field(default_factory=lambda: deque(maxlen=MOST))

    def count(self, lifecycle: Lifecycle, arrived: Moment | None) -> None:
        """Count a record. ``arrived``: when the event did that caused it, if one did."""
        kind, outcome, amended = lifecycle.kind, lifecycle.outcome, lifecycle.replaces is not None
        self.records[kind, outcome, lifecycle.matched_by, amended] += 1
        self.latest.append(lifecycle)
        if lifecycle.truncated:
            self.truncated[kind] += 1
        if lifecycle.evicted:
            self.evicted[kind, outcome] += 1
        if amended:
            return
        if arrived is not None:
            self.arrivals[kind].append(arrived)
        span = lifecycle.span
        if span is not None:
            pool = lifecycle.details.work_pool
            name = "none" if pool is None or pool.name is None else pool.name
            self.spans[kind, name, outcome].append(span)


class Counts(Protocol):
    """Where tallies go."""

    def add(self, tally: Tally) -> None:
        """Count what is committed."""
