"""All subjects of a partition, with their states, deadlines and clocks. The stage keeps the states in its table,
`replay` in a dict.
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
"""A state's bytes are counted when its number of events is a multiple of this: counting costs as much as encoding."""

FORGOTTEN: Final = Decision(state=None)
"""The decision for a subject that only had to be forgotten."""


class States(Protocol):
    """The states of subjects, by key, which is the subject in UTF-8. A dict will do."""

    def get(self, key: bytes, /) -> SubjectState | None: ...
    def __setitem__(self, key: bytes, state: SubjectState, /) -> None: ...
    def pop(self, key: bytes, default: None, /) -> object: ...


class Subjects:
    """Decides each subject's events in order, and what time makes due for any of them (rule S1)."""

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
        """Decide an event of the subject with this key. ``clock``: the clock of its raw partition, as intake, or
        whoever reads that partition, knows it.
        """
        now = self.clocks.observe(raw_partition, raw_partitions, clock)
        if now is None:
            now = clock_without_one(event.occurred, arrived)
        state = self._states.get(key)
        if state is None:
            state = SubjectState(kind, key.decode(), details)
        return self._keep(key, on_event(state, event, details, now, self.clocks.low_watermark, self._rules))

    def recover(self, key: bytes, state: SubjectState) -> None:
        """Restore a subject's deadline from its state."""
        self._deadlines.set(key, state.due)

    @property
    def has_due(self) -> bool:
        """Whether something may be due."""
        watermark = self.clocks.low_watermark
        return watermark is not None and self._deadlines.earliest < watermark

    def due(self, watermark: Moment | None = None) -> Iterator[Decision]:
        """Decide what is due, in the order of deadlines, at the low watermark or at the one that is given."""
        if watermark is None:
            watermark = self.clocks.low_watermark
        while watermark is not None and (key := self._deadlines.pop_due(watermark)) is not None:
            if self._deadlines.pop_resting(key):  # no need to read the state
                self._states.pop(key, None)
                yield FORGOTTEN
            elif (state := self._states.get(key)) is not None:
                yield self._keep(key, on_watermark(state, watermark, self._rules))

    def end_of_input(self, keys: Iterable[bytes]) -> Iterator[Decision]:
        """Decide what only waits for events that might still have come."""
        for key in keys:
            state = self._states.get(key)
            if state is not None:
                yield self._keep(key, on_end_of_input(state, self._rules))

    def _keep(self, key: bytes, decision: Decision) -> Decision:
        """Store the new state, within bounds (rule B3)."""
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
