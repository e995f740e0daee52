"""If much is due at once, at the end of a long catch-up, it goes out in transactions of bounded size."""

from collections import Counter
from collections.abc import Iterable, Iterator

import pytest

from correlator import core, prefect, wire
from correlator.core import Outcome
from correlator.engine import Message, Slice
from correlator.moments import Moment
from correlator.stage.arriving import TwoHops
from correlator.stage.correlate import Correlate
from correlator.stage.dead_letters import DeadLetters
from correlator.stage.draft import FULL
from correlator.stage.partition_state import CLOCKS_KEY
from support.events import pairs
from tests.engine.fakes import Record
from tests.prefect.events import READING
from tests.stage.brokerless import Entries, Uncounted

COUNT = 10_000
END_OF_TIME = Moment(4_000_000_000_000_000)


@pytest.mark.parametrize(
    "wanted, at_once, when_due",
    [
        pytest.param(b"submitted", {}, {Outcome.LOST: COUNT}, id="open, and lost"),
        pytest.param(b"", {Outcome.COMPLETED: COUNT}, {}, id="ended, and only forgotten"),
    ],
)
def test_what_is_due_at_once(wanted: bytes, at_once: dict[Outcome, int], when_due: dict[Outcome, int]) -> None:
    table = Entries()
    published: list[core.Lifecycle] = []

    def publish(partition: int, lifecycle: core.Lifecycle) -> Message:
        published.append(lifecycle)
        return Message("records", 0, lifecycle.subject.encode(), b"{}", [])

    stage = Correlate(TwoHops(), table, publish, DeadLetters("letters", 1, 1 << 20), core.Rules(), Uncounted())
    assert list(stage.assigned(0, 0)) == []
    records = list(forwarded(value for _, value in pairs(COUNT) if wanted in value))
    for transaction in stage(Slice("lifecycles", 0, 0, len(records), records)):
        table.commit(transaction.changes)
    assert Counter(lifecycle.outcome for lifecycle in published) == at_once

    published.clear()
    tick = Record(len(records), None, wire.encode(wire.Tick(0, 1, END_OF_TIME)))
    sizes = []
    for transaction in stage(Slice("lifecycles", 0, len(records), len(records) + 1, [tick])):
        sizes.append(max(len(transaction.messages), len(transaction.changes.keys() - {CLOCKS_KEY})))
        assert transaction.end == len(records) + 1
        # A crash here loses nothing: what is still due is due again for whoever takes over.
        table.commit(transaction.changes)
    assert max(sizes) <= FULL
    assert len(sizes) == COUNT // FULL + 1
    assert Counter(lifecycle.outcome for lifecycle in published) == when_due
    assert len({lifecycle.subject for lifecycle in published}) == len(published)
    assert [key for key, _ in table.entries(0)] == [CLOCKS_KEY]


def forwarded(values: Iterable[bytes]) -> Iterator[Record]:
    """Events as intake forwards them, of one raw partition."""
    for offset, value in enumerate(values):
        decoded = prefect.decode(value, READING)
        assert decoded is not None
        at = decoded.event.occurred
        arrived = wire.Forwarded(decoded.kind, decoded.event, decoded.details, at, 0, 1, at)
        yield Record(offset, decoded.subject.encode(), wire.encode(arrived))
