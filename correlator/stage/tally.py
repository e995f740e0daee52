"""The tally of a step: what the metrics count once it is committed, and its latest records."""

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from typing import Final, Protocol

from correlator.core import EndedBy, Fate, Lifecycle, MatchedBy, Outcome
from correlator.event import Kind, Role, State, StateType
from correlator.moments import Moment, Span
from correlator.stage import pools

MAX_LATEST: Final = 100
"""How many of a step's lifecycles are kept for the page: there may be thousands."""

Series = tuple[Kind, str, Outcome | None, EndedBy | None]
"""The labels of a duration: kind, work pool, outcome, and who reported the end."""


@dataclass(slots=True)
class Tally:
    """What the metrics count of a stage's step."""

    stage: str
    events: Counter[tuple[tuple[Kind, Role] | None, Fate]] = field(default_factory=Counter)
    """Records of the input by event (None if it is not one of ours) and fate. Ticks do not count."""
    dead_letters: Counter[str] = field(default_factory=Counter)
    """Dead letters by the name of the exception that was the reason."""
    records: Counter[tuple[Kind, Outcome | None, MatchedBy | None, bool]] = field(default_factory=Counter)
    """Records published; the last part of the key is whether they amend an earlier version."""
    evicted: Counter[tuple[Kind, Outcome | None]] = field(default_factory=Counter)
    """Records of lifecycles that had to end for want of room."""
    truncated: Counter[Kind] = field(default_factory=Counter)
    """Records that lost something to a limit."""
    arrivals: defaultdict[Kind, list[Moment]] = field(default_factory=lambda: defaultdict(list))
    """When the events that caused first versions of records arrived. Versions that time or want of room caused are not
    in it.
    """
    unclaimed: int = 0
    """How many witnesses found no submit."""
    detached: int = 0
    """How many submits came from workers that do not wait."""
    silent: int = 0
    """How many of those had no witness."""
    startups: defaultdict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))
    """The times from submit until the flow's own code ran, by work pool."""
    states: Counter[tuple[str, StateType]] = field(default_factory=Counter)
    """The terminal states of flow runs, by work pool and type."""
    spans: defaultdict[Series, list[Span]] = field(default_factory=lambda: defaultdict(list))
    """The durations of lifecycles as first published: an amended lifecycle counts once."""
    latest: deque[Lifecycle] = field(default_factory=lambda: deque(maxlen=MAX_LATEST))
    """The latest lifecycles published."""

    def count(self, lifecycle: Lifecycle, arrived: Moment | None) -> None:
        """Count a record. ``arrived``: when the event that caused it arrived; None if no event did."""
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
    """A receiver of tallies."""

    def add(self, tally: Tally) -> None:
        """Count the tally of a committed step."""
