"""What is due at once, at the end of a long catch-up, goes out in transactions of bounded size."""

from collections import Counter

from bench.events import pairs
from correlator import core, prefect, wire
from correlator.engine import Message, Slice
from correlator.stage.arriving import Forwarded
from correlator.stage.correlate import MOST, Correlate
from correlator.stage.dead_letters import DeadLetters
from tests.engine.fakes import Record
from tests.stage.brokerless import Entries, Uncounted

OPEN = 10_000
END_OF_TIME = 4_000_000_000_000_000


def test_what_is_due_at_once() -> None:
    table = Entries()
    published: list[core.Lifecycle] = []

    def publish(lifecycle: core.Lifecycle) -> Message:
        published.append(lifecycle)
        return Message("records", 0, lifecycle.subject.encode(), b"{}", [])

    stage = Correlate(Forwarded(), table, publish, DeadLetters("letters", 1, 1 << 20), core.Rules(), Uncounted())
    assert list(stage.assigned(0, 0)) == []
    starts = [prefect.decode(value, 10) for _, value in pairs(OPEN) if b"submitted" in value]
    events = [decoded.event for decoded in starts if decoded is not None]
    records = [
        Record(
            offset,
            event.subject.encode(),
            wire.encode_event(wire.Forwarded(event, event.occurred, 0, 1, event.occurred)),
        )
        for offset, event in enumerate(events)
    ]
    for transaction in stage(Slice("lifecycles", 0, 0, OPEN, records)):
        table.commit(transaction.changes)
    assert published == []

    tick = Record(OPEN, None, wire.encode_tick(0, 1, END_OF_TIME))
    sizes = []
    for transaction in stage(Slice("lifecycles", 0, OPEN, OPEN + 1, [tick])):
        sizes.append(len(transaction.messages))
        assert transaction.end == OPEN + 1
        # A crash here loses nothing: what is still due is due again for whoever takes over.
        table.commit(transaction.changes)
    assert max(sizes) <= MOST
    assert len(sizes) == OPEN // MOST + 1
    assert Counter(lifecycle.outcome for lifecycle in published) == {core.Outcome.LOST: OPEN}
    assert len({lifecycle.subject for lifecycle in published}) == OPEN
