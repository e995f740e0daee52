"""All subjects of a partition: their states, deadlines and clocks, and the loop over them. The stage runs it over its
table, `replay` over a dict.
"""

from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from msgspec.structs import replace

from correlator.core.bounds import encode_within
from correlator.core.clocks import Clocks
from correlator.core.deadlines import Deadlines
from correlator.core.decision import Decision
from correlator.core.partition_clock import clock_without_one
from correlator.core.rules import Rules
from correlator.core.state import SubjectState
from correlator.core.subject import on_end_of_input, on_event, on_watermark
from correlator.event import Details, Event, Kind
from correlator.moments import Moment

MEASURED_EVERY: Final = 8
"""A state's bytes are looked at when it holds a multiple of so many events: each look costs as much as it holds."""

FORGOTTEN: Final = Decision(state=None)
"""Nothing is published of a subject any more, and nothing remembered."""


class States(Protocol):
    """The states of subjects, by key: the subject in UTF-8. A dict is one."""

    def get(self, key: bytes, /) -> SubjectState | None: ...
    def __setitem__(self, key: bytes, state: SubjectState, /) -> None: ...
    def pop(self, key: bytes, default: None, /) -> object: ...


class Subjects:
    """Decides each subject's events in order, and what time makes due of all of them (rule S1)."""

    def __init__(self, states: States, rules: Rules) -> None:
        self._states, self._rules = states, rules
        self.clocks = Clocks()
        self._deadlines = Deadlines()

    def decide(
        self,
        key: bytes,
        kind: Kind,
        event: Event,
        details: Details,
        *,
        arrived: Moment,
        raw_partition: int = 0,
        raw_partitions: int = 1,
        clock: Moment | None,
    ) -> Decision:
        """Decide an event of the subject whose key it is. ``clock`` is that of the raw partition that it came by, as
        intake, or whoever reads it, knows it.
        """
        now = self.clocks.observe(raw_partition, raw_partitions, clock)
        if now is None:
            now = clock_without_one(event.occurred, arrived)
        state = self._states.get(key)
        if state is None:
            state = SubjectState(kind, key.decode(), details)
        return self._keep(key, on_event(state, event, details, now, self.clocks.low_watermark, self._rules))

    def recover(self, key: bytes, state: SubjectState) -> None:
        """Take up when a subject is due, as its state says."""
        self._deadlines.set(key, state.due)

    @property
    def has_due(self) -> bool:
        """Whether something may be due."""
        watermark = self.clocks.low_watermark
        return watermark is not None and self._deadlines.earliest < watermark

    def due(self, watermark: Moment | None = None) -> Iterator[Decision]:
        """Decide what is due at the low watermark, or at another one, in the order of deadlines."""
        if watermark is None:
            watermark = self.clocks.low_watermark
        while watermark is not None and (key := self._deadlines.pop_due(watermark)) is not None:
            if self._deadlines.pop_resting(key):  # that needs no look at the state
                self._states.pop(key, None)
                yield FORGOTTEN
            elif (state := self._states.get(key)) is not None:
                yield self._keep(key, on_watermark(state, watermark, self._rules))

    def end_of_input(self, keys: Iterable[bytes]) -> Iterator[Decision]:
        """Decide what waits only to see whether more events come."""
        for key in keys:
            state = self._states.get(key)
            if state is not None:
                yield self._keep(key, on_end_of_input(state, self._rules))

    def _keep(self, key: bytes, decision: Decision) -> Decision:
        """Remember what was decided, within bounds (rule B3)."""
        state = decision.state
        if state is None:
            self._states.pop(key, None)
            self._deadlines.set(key, None)
            return decision
        if len(state) % MEASURED_EVERY == 0:
            decision = self._bounded(state, decision)
        self._states[key] = state
        self._deadlines.set(key, state.due, rests=decision.rests)
        return decision

    def _bounded(self, state: SubjectState, decision: Decision) -> Decision:
        _, evicted = encode_within(state, self._rules)
        if not evicted.published and not evicted.unclaimed:
            return decision
        lifecycles = (*decision.lifecycles, *evicted.published)
        return replace(decision, lifecycles=lifecycles, unclaimed=decision.unclaimed + evicted.unclaimed)
