"""A partition that is lost and comes back: as it was, where nobody else changed it; else as the table says now.

With the engine's table: whether somebody else did is its word, the stamp.
"""

from collections.abc import Iterator

import pytest
from faust.types import TP

from correlator import core, prefect, wire
from correlator.core import Lifecycle, Outcome
from correlator.engine import CommittedTable, Engine, MemoryStore, Message, Slice, Step
from correlator.event import Kind
from correlator.moments import Moment
from correlator.prefect import Decoded
from correlator.stage.arriving import TwoHops
from correlator.stage.correlate import Correlate
from correlator.stage.dead_letters import DeadLetters
from support.events import pairs
from tests.engine.fakes import OPTIONS, Record, unused
from tests.prefect.events import READING
from tests.stage.brokerless import Uncounted

OURS, OTHER = 0, 1
COUNT = 20
END_OF_TIME = Moment(4_000_000_000_000_000)
EVENTS = [prefect.decode(value, READING) for _, value in pairs(COUNT)]
STARTS, ENDS = EVENTS[:COUNT], EVENTS[COUNT:]


class Counted(MemoryStore):
    """Remembers which partitions were read as a whole."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[int] = []

    def items(self, partition: int) -> Iterator[tuple[bytes, bytes]]:
        self.read.append(partition)
        return super().items(partition)


def forwarded(it: Decoded) -> bytes:
    """An event as intake writes it."""
    at = it.event.occurred
    return wire.encode(wire.Forwarded(it.kind, it.event, it.details, at, 0, 1, at))


class Worker:
    """Correlate with the engine's table, never started: what is committed is at once in the changelog."""

    def __init__(self) -> None:
        self.store, self.published = Counted(), list[Lifecycle]()
        engine = Engine(OPTIONS, fail=unused)
        self.table: CommittedTable = engine.add_table("subjects", self.store, partitions=2)
        letters = DeadLetters("letters", 1, 1 << 20)
        self.stage = Correlate(TwoHops(), self.table, self._publish, letters, core.Rules(), Uncounted())
        self._changelog = self._input = 0

    def take_over(self, partition: int = OURS) -> bool:
        """Whether the table was read for the partition."""
        self.store.read.clear()
        self._commit(partition, self.stage.assigned(partition, self._input))
        return self.store.read == [partition]

    def lose(self, partition: int = OURS) -> None:
        self.stage.revoked(partition)

    def decide(self, *events: Decoded, until: Moment | None = None, partition: int = OURS) -> list[Lifecycle]:
        """The records that events, and then a clock, cause."""
        values: list[tuple[bytes | None, bytes]] = [(it.subject.encode(), forwarded(it)) for it in events]
        if until is not None:
            values.append((None, wire.encode(wire.Tick(0, 1, until))))
        records = [Record(self._input + number, key, value) for number, (key, value) in enumerate(values)]
        begin, self._input = self._input, self._input + len(records)
        self.published.clear()
        self._commit(partition, self.stage(Slice("lifecycles", partition, begin, self._input, records)))
        return list(self.published)

    @property
    def open(self) -> int:
        return sum(it.lifecycles for it in self.stage.open_by_pool(Kind.FLOW_RUN).values())

    async def elsewhere(self) -> None:
        """Let somebody else have the partition for a while, as the engine's table would notice it."""
        await self.table.on_rebalance(set(), set(), set())
        await self.table.on_rebalance({TP(self.table.changelog_topic_name, OURS)}, set(), set())

    def read_back(self, entries: dict[bytes, bytes | None], partition: int = OURS) -> None:
        """Recovery reads what the changelog holds."""
        begin, self._changelog = self._changelog, self._changelog + len(entries)
        records = [Record(begin + number, key, value) for number, (key, value) in enumerate(entries.items())]
        value = Slice(self.table.changelog_topic_name, partition, begin, self._changelog, records)
        self.table.recover(value)

    def _commit(self, partition: int, transactions: Iterator[Step]) -> None:
        for transaction in transactions:
            self._changelog += len(transaction.changes)
            offset = self._changelog if transaction.changes else None
            self.table.commit(partition, transaction.changes, offset)

    def _publish(self, partition: int, lifecycle: Lifecycle) -> Message:
        self.published.append(lifecycle)
        return Message("records", 0, b"", b"", [])


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Worker:
    """It holds a partition in which `COUNT` runs are open."""
    worker = Worker()

    async def nothing(*_: object) -> None: ...

    monkeypatch.setattr(worker.table.data, "on_rebalance", nothing)
    assert worker.take_over()
    worker.decide(*STARTS)
    assert worker.open == COUNT
    return worker


def test_given_back_the_same_it_is_taken_up_as_it_was(worker):
    """Most rebalances do: to read millions of entries again would take minutes in which nothing is decided."""
    worker.lose()
    assert worker.open == 0
    assert not worker.take_over()
    assert worker.open == COUNT


async def test_what_another_changed_is_taken_up_anew(worker):
    """The other worker decided and published what was due here: with our old state, we would publish it again."""
    other = Worker()
    other.take_over()
    other.decide(*STARTS)
    assert len(other.decide(*ENDS[:5])) == 5

    worker.lose()
    await worker.elsewhere()
    worker.read_back(dict(other.store.items(OURS)))
    assert worker.take_over()
    assert worker.open == COUNT - 5
    assert len(worker.decide(*ENDS)) == COUNT - 5


async def test_what_another_deleted_is_not_open_any_more(worker):
    """All of it was decided and forgotten elsewhere, and compacted away: nothing of that is read back."""
    worker.lose()
    await worker.elsewhere()
    worker.read_back({})
    assert worker.take_over()
    assert worker.open == 0
    assert worker.decide(until=END_OF_TIME) == []


@pytest.mark.parametrize("times", [0, 1, 3])
def test_it_goes_on_where_it_was(worker, times):
    """States, deadlines and clocks: what is decided next is what would have been, and each thing once."""
    for _ in range(times):
        worker.lose()
        assert not worker.take_over()
    met = worker.decide(*ENDS[:5])
    assert {(it.outcome, it.start.id, it.end.id) for it in met} == {
        (Outcome.COMPLETED, end.event.follows, end.event.id) for end in ENDS[:5]
    }
    worker.lose()
    worker.take_over()
    late = worker.decide(until=END_OF_TIME)
    assert {it.subject for it in late} == {it.subject for it in STARTS} - {it.subject for it in met}
    assert [it.outcome for it in late] == [Outcome.LOST] * (COUNT - 5)
    assert worker.open == 0


async def test_what_was_put_aside_is_not_kept_for_what_will_not_come_back_as_it_was(worker):
    """The state may take most of the memory, and another partition has come in its place."""
    worker.lose()
    assert worker.take_over(OTHER)
    assert worker.stage._set_aside.keys() == {OURS}, "it may yet come back"
    await worker.table.on_rebalance({TP(worker.table.changelog_topic_name, OTHER)}, set(), set())
    worker.lose(OTHER)
    worker.take_over(OTHER)
    assert worker.stage._set_aside.keys() == set()
