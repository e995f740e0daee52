"""One partition of subjects, as it will be when the transaction in hand is committed."""

from collections.abc import Iterator

from correlator import core
from correlator.engine import CommittedTable
from correlator.event import Kind
from correlator.stage.still_open import StillOpen

CLOCKS_KEY = b"\x00clocks"
"""The table's entry that holds the clocks: no subject begins with a NUL."""


class Part:
    """The states, deadlines and clocks of one partition's subjects: the table's, and what was decided since.

    ``open`` is what is open, by kind, as of the last transaction.

    States are decoded when they are first asked for in a transaction, and encoded when it is closed.
    """

    def __init__(self, partition: int, table: CommittedTable, rules: core.Rules) -> None:
        self.partition = partition
        self._table, self._rules = table, rules
        self._clocks = core.Clocks()
        self._clocks_moved = False
        self._deadlines = core.Deadlines()
        self._states: dict[bytes, core.SubjectState | None] = {}
        self.open = {kind: StillOpen() for kind in Kind}

    def recover(self) -> Iterator[tuple[bytes, bytes, core.UnreadableState] | None]:
        """Take up what the table holds. Yields for each entry: None, or where it cannot be read what it is, and why."""
        for key, value in self._table.store.items(self.partition):
            try:
                if key == CLOCKS_KEY:
                    self._clocks = core.Clocks.decode(value)
                else:
                    state = core.decode(value)
                    self._deadlines.set(key, state.due)
                    self.open[state.kind].set(key, state)
            except core.UnreadableState as reason:
                yield key, value, reason
            else:
                yield None

    def get(self, key: bytes) -> core.SubjectState | None:
        """The subject's state, or None where nothing is known of it."""
        if key in self._states:
            return self._states[key]
        value = self._table.get_committed(self.partition, key)
        return None if value is None else core.decode(value)

    def put(self, key: bytes, state: core.SubjectState | None) -> None:
        """What is to be known of the subject from now on."""
        self._states[key] = state
        self._deadlines.set(key, None if state is None else state.due)

    @property
    def decided(self) -> int:
        """How many subjects the transaction in hand has decided."""
        return len(self._states)

    @property
    def watermark(self) -> int | None:
        """The least clock over all raw partitions; None until each has shown one."""
        return self._clocks.low_watermark

    def observe(self, raw_partition: int, raw_partitions: int, clock: int | None) -> int | None:
        """A raw partition's clock; returns the greatest that it ever showed, or None where it showed none."""
        self._clocks_moved = True
        return self._clocks.observe(raw_partition, raw_partitions, clock)

    @property
    def has_due(self) -> bool:
        """Whether something may be due."""
        watermark = self._clocks.low_watermark
        return watermark is not None and self._deadlines.earliest < watermark

    def due(self) -> Iterator[tuple[bytes, core.SubjectState, int]]:
        """The subjects that have something due, in the order of their deadlines, and the low watermark."""
        while self.has_due and (watermark := self._clocks.low_watermark) is not None:
            key = self._deadlines.pop_due(watermark)
            if key is not None and (state := self.get(key)) is not None:
                yield key, state, watermark

    def close(self) -> tuple[dict[bytes, bytes | None], list[core.Lifecycle]]:
        """What the transaction in hand changes, and what had to end for lack of room. The next one begins."""
        changes: dict[bytes, bytes | None] = {}
        evicted: list[core.Lifecycle] = []
        for key, state in self._states.items():
            if state is not None:
                changes[key], gone = core.encode_within(state, self._rules)
                evicted += gone
                self.open[state.kind].set(key, state)
                continue
            if self._table.get_committed(self.partition, key) is not None:
                changes[key] = None
            for open_ in self.open.values():
                open_.set(key, None)
        if self._clocks_moved:
            changes[CLOCKS_KEY] = self._clocks.encode()
        self._states, self._clocks_moved = {}, False
        return changes, evicted
