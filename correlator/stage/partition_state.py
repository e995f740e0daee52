"""The state of one partition's subjects, as it will be once the step in the making is committed."""

from collections.abc import Callable, Iterator
from heapq import nsmallest
from typing import Final

from correlator import core
from correlator.engine import Changes, Message, Table
from correlator.event import Kind
from correlator.stage.still_open import StillOpen

CLOCKS_KEY: Final = b"\x00clocks"
"""The key of the table's entry that holds the clocks. No subject begins with a NUL."""


class PartitionState:
    """The subjects of one partition: their states in the table, and the changes since the last commit.

    A state is decoded when a step first asks for it, and encoded when the step is closed. ``open`` has the open
    lifecycles by kind, as of the last closed step.
    """

    def __init__(
        self, partition: int, table: Table, rules: core.Rules, message: Callable[[core.Lifecycle], Message]
    ) -> None:
        """``message``: makes the message of a lifecycle that was decided here."""
        self.message = message
        self._partition, self._table, self._rules = partition, table, rules
        self._states: dict[bytes, core.SubjectState | None] = {}
        self.subjects = core.Subjects(self, rules)
        self.clocks_moved = False
        self.open = {kind: StillOpen() for kind in Kind}

    def recover(self) -> Iterator[tuple[bytes, bytes, core.UnreadableState] | None]:
        """Read the table's entries. Yields None for each, or key, value and reason if it is unreadable."""
        for key, value in self._table.entries(self._partition):
            try:
                if key == CLOCKS_KEY:
                    self.subjects.clocks = core.Clocks.decode(value)
                else:
                    state = core.decode(value)
                    self.subjects.recover(key, state)
                    self.open[state.kind].set(key, state)
            except core.UnreadableState as reason:
                yield key, value, reason
            else:
                yield None

    # The states, as `core.Subjects` wants them.

    def get(self, key: bytes) -> core.SubjectState | None:
        """The subject's state; None if it has none."""
        if key in self._states:
            return self._states[key]
        value = self._table.get_committed(self._partition, key)
        return None if value is None else core.decode(value)

    def __setitem__(self, key: bytes, state: core.SubjectState) -> None:
        self._states[key] = state

    def pop(self, key: bytes, default: None) -> None:
        """Forget the subject."""
        self._states[key] = default

    def oldest_open(self, kind: Kind, most: int) -> list[core.SubjectState]:
        """The states of the at most ``most`` subjects with the longest open lifecycles."""
        states = [state for key in self.open[kind].oldest_keys(most) if (state := self.get(key)) and state.unpublished]
        return nsmallest(most, states, key=lambda state: state.unpublished[0].event.occurred)

    @property
    def decided(self) -> int:
        """How many subjects the step in the making has decided."""
        return len(self._states)

    def close(self) -> tuple[Changes, core.Settled]:
        """The changes of the step in the making, and the lifecycles that had to end for want of room. A new step
        begins.
        """
        changes: dict[bytes, bytes | None] = {}
        evicted = core.Settled()
        for key, state in self._states.items():
            if state is not None:
                changes[key], gone = core.encode_within(state, self._rules)
                evicted.add(gone)
                self.open[state.kind].set(key, state)
                continue
            if self._table.get_committed(self._partition, key) is not None:
                changes[key] = None
            for open_ in self.open.values():
                open_.set(key, None)
        if self.clocks_moved:
            changes[CLOCKS_KEY] = self.subjects.clocks.encode()
        self._states, self.clocks_moved = {}, False
        return changes, evicted
