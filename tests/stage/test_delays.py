"""A delay is that of the event which caused a record: what time made due has none, also where an event brought it."""

from correlator import core, wire
from correlator.core import Outcome
from correlator.core.rules import DAY
from correlator.engine import Message, Slice
from correlator.event import Event, Kind, Role
from correlator.stage.arriving import TwoHops
from correlator.stage.correlate import Correlate
from correlator.stage.dead_letters import DeadLetters
from correlator.stage.draft import Tally
from tests.engine.fakes import Record
from tests.stage.brokerless import Entries

EPOCH = 1_790_000_000_000_000
ARRIVED = EPOCH + 9 * DAY


class Counted:
    def __init__(self) -> None:
        self.tallies: list[Tally] = []

    def add(self, tally: Tally) -> None:
        self.tallies.append(tally)


def the_same_run(role: Role, id_: str, day: int, follows: str | None = None) -> bytes:
    event = Event(Kind.FLOW_RUN, role, id_, "run", EPOCH + day * DAY, "worker", follows, False, {})
    return wire.encode_event(wire.Forwarded(event, ARRIVED, 0, 1, event.occurred))


def delays(*values: bytes, **bounds: int) -> list[tuple[Outcome | None, int | None]]:
    counted = Counted()
    stage = Correlate(
        TwoHops(),
        Entries(),
        lambda lifecycle: Message("records", 0, lifecycle.subject.encode(), b"{}", []),
        DeadLetters("letters", 1, 1 << 20),
        core.Rules(**bounds),
        counted,
    )
    list(stage.assigned(0, 0))
    records = [Record(offset, b"run", value) for offset, value in enumerate(values)]
    for transaction in stage(Slice("lifecycles", 0, 0, len(records), records)):
        assert transaction.committed is not None
        transaction.committed()
    return [
        (published.lifecycle.outcome, published.arrived) for tally in counted.tallies for published in tally.published
    ]


def test_what_time_caused_has_no_delay_where_an_event_of_its_run_brought_the_time() -> None:
    submitted = the_same_run(Role.START, "a", 0)
    again, executed = the_same_run(Role.START, "b", 8), the_same_run(Role.END, "x", 8, "b")
    assert delays(submitted, again, executed) == [(Outcome.LOST, None), (Outcome.COMPLETED, ARRIVED)]


def test_what_had_to_go_for_lack_of_room_has_no_delay() -> None:
    starts = [the_same_run(Role.START, id_, 0) for id_ in ("a", "b")]
    assert delays(*starts, max_starts=1) == [(Outcome.LOST, None)]
