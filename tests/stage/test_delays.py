"""A delay is that of the event that caused a record. A record that time made due has none, even after an event."""

from correlator import core, wire
from correlator.core import Outcome
from correlator.engine import Message, Slice
from correlator.event import Details, Event, Kind, Role
from correlator.moments import DAY, Moment
from correlator.stage.arriving import TwoHops
from correlator.stage.correlate import Correlate
from correlator.stage.dead_letters import DeadLetters
from correlator.stage.tally import Tally
from tests.engine.fakes import Record
from tests.stage.brokerless import Entries

EPOCH = Moment(1_790_000_000_000_000)
ARRIVED = EPOCH + 9 * DAY


class Counted:
    """How often which outcome was published, and when the events arrived that were the cause."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome | None] = []
        self.arrivals: list[Moment] = []

    def add(self, tally: Tally) -> None:
        self.outcomes += [lifecycle.outcome for lifecycle in tally.latest]
        assert tally.records.total() == len(tally.latest)
        self.arrivals += tally.arrivals[Kind.FLOW_RUN]


def the_same_run(role: Role, id_: str, day: int, follows: str | None = None) -> bytes:
    event = Event(role, id_, EPOCH + day * DAY, "worker", follows)
    return wire.encode(wire.Forwarded(Kind.FLOW_RUN, event, Details(), ARRIVED, 0, 1, event.occurred))


def delays(*values: bytes, **bounds: int) -> tuple[list[Outcome | None], list[Moment]]:
    """The published records in order, and the arrivals that delays are measured from."""
    counted = Counted()
    stage = Correlate(
        TwoHops(),
        Entries(),
        lambda partition, lifecycle: Message("records", 0, lifecycle.subject.encode(), b"{}", []),
        DeadLetters("letters", 1, 1 << 20),
        core.Rules(**bounds),
        counted,
    )
    list(stage.assigned(0, 0))
    records = [Record(offset, b"run", value) for offset, value in enumerate(values)]
    for transaction in stage(Slice("lifecycles", 0, 0, len(records), records)):
        assert transaction.committed is not None
        transaction.committed()
    return counted.outcomes, counted.arrivals


def test_what_time_caused_has_no_delay_where_an_event_of_its_run_brought_the_time() -> None:
    submitted = the_same_run(Role.START, "a", 0)
    again, executed = the_same_run(Role.START, "b", 8), the_same_run(Role.END, "x", 8, "b")
    assert delays(submitted, again) == ([Outcome.LOST], [])
    assert delays(submitted, again, executed) == ([Outcome.LOST, Outcome.COMPLETED], [ARRIVED])


def test_what_had_to_go_for_lack_of_room_has_no_delay() -> None:
    starts = [the_same_run(Role.START, id_, 0) for id_ in ("a", "b")]
    assert delays(*starts, max_starts=1) == ([Outcome.LOST], [])
