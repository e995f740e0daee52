"""One partition of subjects, as it will be when the transaction in hand is committed."""

from collections.abc import Callable, Iterator
from heapq import nsmallest
from typing import Final

from correlator import core
from correlator.engine import Changes, Message, Table
from correlator.event import Kind
from correlator.stage.still_open import StillOpen

CLOCKS_KEY: Final = b"\x00clocks"
"""The table's entry that holds the clocks: no subject begins with a NUL."""


class Part:
    """The subjects of one partition over its table, and what was decided since.

    States are decoded when they are first asked for in a transaction, and encoded when it is closed. ``open`` is what
    is open, by kind, as of the last transaction.
    """

    def __init__(
        self, partition: int, table: Table, rules: core.Rules, message: Callable[[core.Lifecycle], Message]
    ) -> None:
        """``message`` makes the message of a lifecycle that was decided here."""
        self.message = message
        self._partition, self._table, self._rules = partition, table, rules
        self._states: dict[bytes, core.SubjectState | None] = {}
        self.subjects = core.Subjects(self, rules)
        self.clocks_moved = False
        self.open = {kind: StillOpen() for kind in Kind}

    def recover(self) -> Iterator[tuple[bytes, bytes, core.UnreadableState] | None]:
        """Take up what the table holds. Yields for each entry: None, or where it cannot be read what it is, and why."""
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
        """The subject's state, or None where nothing is known of it."""
        if key in self._states:
            return self._states[key]
        value = self._table.get_committed(self._partition, key)
        return None if value is None else core.decode(value)

    def __setitem__(self, key: bytes, state: core.SubjectState) -> None:
        self._states[key] = state

    def pop(self, key: bytes, default: None) -> None:
        """Nothing is known of the subject any more."""
        self._states[key] = default

    def oldest_open(self, kind: Kind, most: int) -> list[core.SubjectState]:
        """The subjects with the lifecycles that have been open for longest, so many at most."""
        states = [state for key in self.open[kind].oldest_keys(most) if (state := self.get(key)) and state.unpublished]
        return nsmallest(most, states, key=lambda state: state.unpublished[0].event.occurred)

    @property
    def decided(self) -> int:
        """How many subjects the transaction in hand has decided."""
        return len(self._states)

    def close(self) -> tuple[Changes, core.Settled]:
        """What the transaction in hand changes, and what had to end for lack of room. The next one begins."""
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
