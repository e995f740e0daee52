"""Intake's clocks and counts: where clocks come from, which partitions get them, and what becomes of a record."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator import prefect, wire
from correlator.engine import Message, Slice, Step
from correlator.event import Kind, Role
from correlator.partitioner import partition_for
from correlator.stage.arriving import LOG_APPEND_TIME
from correlator.stage.dead_letters import DeadLetters
from correlator.stage.draft import FULL
from correlator.stage.intake import Intake
from correlator.stage.tally import Tally
from tests.engine.fakes import Record
from tests.prefect.events import READING, STARTED, raw

SECOND = 1_000_000
BEGIN = 1_790_000_000 * SECOND
"""The first event's time. The wall clock is an hour later, so that a test notices if one is taken for the other."""
HOUR = 3600
PARTITIONS, RAW_PARTITIONS, OURS = 3, 2, 1
WORKER = "prefect.worker.process.long-worker"
"""Whose events they are, where nothing else is said."""
CREATE_TIME = 0
"""A record's timestamp type where its producer wrote it."""

OF_OTHERS = raw({**STARTED, "event": "prefect.flow-run.Running"})
INVALID = raw({**STARTED, "id": "no UUID"})


def at(seconds: float) -> int:
    """Microseconds since 1970 of so many seconds after the beginning."""
    return BEGIN + round(seconds * SECOND)


def started(seconds: float, received: float | None = None, worker: str = WORKER) -> bytes:
    """A worker's event as Prefect writes it, of so many seconds after the beginning."""
    times = {"occurred": seconds} if received is None else {"occurred": seconds, "received": received}
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    iso = {name: (epoch + timedelta(microseconds=at(when))).isoformat() for name, when in times.items()}
    return raw({**STARTED, "resource": {**STARTED["resource"], "prefect.resource.id": worker}}, **iso)


class Stage:
    """Intake with one of two raw partitions, three partitions to write to, and a wall clock that the test moves."""

    def __init__(self) -> None:
        self.wall, self.end, self.counted = at(HOUR), 0, list[Tally]()
        letters = DeadLetters("letters", 1, 1 << 20)
        self.intake = Intake(
            "lifecycles",
            PARTITIONS,
            RAW_PARTITIONS,
            letters,
            READING,
            wall_clock=lambda: self.wall,
            counts=self,
        )
        self.take_over()

    def add(self, tally: Tally) -> None:
        self.counted.append(tally)

    def take_over(self) -> None:
        assert list(self.intake.assigned(OURS, self.end)) == []

    def read(self, *records: Record) -> list[Message]:
        begin, self.end = self.end, self.end + len(records)
        numbered = [record._replace(offset=begin + number) for number, record in enumerate(records)]
        (transaction,) = self.intake(Slice("raw", OURS, begin, self.end, numbered))
        return self.committed(transaction)

    def idle(self, seconds: float, *, caught_up: bool) -> list[Message]:
        """The messages of intake after so many more seconds."""
        self.wall += round(seconds * SECOND)
        return [
            message
            for transaction in self.intake.idle(OURS, self.end, caught_up=caught_up)
            for message in self.committed(transaction)
        ]

    def committed(self, transaction: Step) -> list[Message]:
        assert (transaction.changes, transaction.end) == ({}, self.end)
        if transaction.committed is not None:
            transaction.committed()
        return list(transaction.messages)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def event(seconds: float, worker: str = WORKER) -> Record:
    return Record(0, None, started(seconds, worker=worker))


def forwarded(messages: list[Message]) -> list[wire.Forwarded]:
    decoded = [wire.decode(message.key, message.value) for message in messages if message.key is not None]
    assert all(isinstance(it, wire.Forwarded) for it in decoded)
    return decoded


def heard(messages: list[Message]) -> dict[int, list[int]]:
    """The clocks of our raw partition that each lifecycles partition got with events and ticks, in order."""
    clocks: dict[int, list[int]] = {to: [] for to in range(PARTITIONS)}
    for message in messages:
        assert message.topic == "lifecycles"
        said = wire.decode(message.key, message.value)
        assert (said.raw_partition, said.raw_partitions) == (OURS, RAW_PARTITIONS)
        if said.clock is not None:
            clocks[message.partition].append(said.clock)
    return clocks


def ticks(messages: list[Message]) -> dict[int, list[int]]:
    """The clocks that each partition got in ticks."""
    return heard([message for message in messages if message.key is None])


def told(*seconds: float, but: int | None = None) -> dict[int, list[int]]:
    """Each of these times, to every partition, but one: its subjects' deadlines wait for the least clock of all."""
    return {to: [at(it) for it in seconds] if to != but else [] for to in range(PARTITIONS)}


GETS_ALL = partition_for(WORKER.encode(), PARTITIONS)
"""The partition that all events of `WORKER` go to."""

MINUTES = {  # when events of one worker occurred, and at which of them the partitions that get none are ticked
    "the first shows a clock": ([0], [0]),
    "within a minute": ([0, 30, 59.999_999], [0]),
    "a minute": ([0, 60], [0, 60]),
    "counted from the tick before": ([0, 40, 80, 120, 140], [0, 80, 140]),
    "an hour at once": ([0, HOUR], [0, HOUR]),
    "out of order": ([0, 70, 10, 65, 129.9, 130], [0, 70, 130]),
}


@pytest.mark.parametrize("at_once", [True, False], ids=["in one slice", "in a slice each"])
@pytest.mark.parametrize("occurred, ticked", MINUTES.values(), ids=MINUTES)
def test_a_tick_a_minute_of_event_time_to_every_partition(stage, occurred, ticked, at_once):
    """A backlog is read much faster than it was written: what is due in it has to fall due on the way, not at its
    end (rule T6). Who gets the events hears the clock by them."""
    records = [event(seconds) for seconds in occurred]
    messages = stage.read(*records) if at_once else [it for record in records for it in stage.read(record)]
    assert ticks(messages) == told(*ticked, but=GETS_ALL)


WORKERS = [f"{WORKER}-{number}" for number in range(4)]


@given(
    occurred=st.lists(st.tuples(st.integers(0, 400), st.sampled_from(WORKERS), st.booleans()), min_size=1, max_size=60)
)
def test_no_partition_is_a_minute_behind_while_events_come(occurred):
    """Whatever events go where, and whenever the engine asks in between (rule T6). No tick says what its partition has
    heard."""
    stage, clocks, last = Stage(), dict.fromkeys(range(PARTITIONS), 0), 0
    for seconds, worker, rests in occurred:
        messages = stage.read(event(seconds, worker))
        last = max(last, at(seconds))
        assert all(tick > clocks[to] for to, its in ticks(messages).items() for tick in its)
        clocks = {to: max([clocks[to], *its]) for to, its in heard(messages).items()}
        assert min(clocks.values()) > last - 60 * SECOND
        if rests:
            behind = {to: [last] if clock < last else [] for to, clock in clocks.items()}
            assert ticks(stage.idle(2, caught_up=False)) == behind
            clocks = dict.fromkeys(clocks, last)


def test_where_events_are_many_ticks_are_few(stage):
    """An hour of them, by one to all partitions a minute, would be 180."""
    by_ticks = ticks(stage.read(*(event(second, f"{WORKER}-{second}") for second in range(HOUR))))
    assert sum(map(len, by_ticks.values())) < 5


def test_an_event_goes_with_its_partition_s_clock(stage):
    """The greatest that was seen by then, itself included."""
    got = forwarded(stage.read(event(5), event(3), event(9)))
    assert [(it.event.occurred, it.clock) for it in got] == [(at(5), at(5)), (at(3), at(5)), (at(9), at(9))]
    assert {(it.raw_partition, it.raw_partitions) for it in got} == {(OURS, RAW_PARTITIONS)}


IDLE = {  # when events occurred, how long ago by the wall clock, whether all was read; what all have heard by then
    "nothing came, not for long": ([], 59.9, True, []),
    "nothing came for a minute": ([], 60, True, [HOUR + 60]),
    "nothing came, but there is more to read": ([], 60, False, []),
    "all was told": ([0], 2, True, [0]),
    "events since the last tick": ([0, 40], 2, True, [0, 40]),
    "events since the last tick, and more to read": ([0, 40], 2, False, [0, 40]),
    "quiet, not for long": ([0], 59.9, True, [0]),
    "quiet for a minute": ([0], 60, True, [0, HOUR + 60]),
    "quiet, but there is more to read": ([0], 60, False, [0]),
}


@pytest.mark.parametrize("occurred, seconds, caught_up, ticked", IDLE.values(), ids=IDLE)
def test_while_nothing_comes(stage, occurred, seconds, caught_up, ticked):
    """An idle topic still ends what is due; one that we are behind in may hold the end that a deadline waits for."""
    came = stage.read(*map(event, occurred)) if occurred else []
    assert heard(came + stage.idle(seconds, caught_up=caught_up)) == told(*ticked)


def test_what_is_told_is_not_told_again(stage):
    """Each tick is a message to every partition, and the engine asks every two seconds."""
    assert ticks(stage.idle(60, caught_up=True)) == told(HOUR + 60)
    assert stage.idle(9.9, caught_up=True) == []
    assert ticks(stage.idle(0.1, caught_up=True)) == told(HOUR + 70)


@pytest.mark.parametrize(("partitions", "every"), [(4, 2), (32, 2), (64, 6), (128, 18)])
def test_with_many_partitions_clocks_are_told_less_often_between_events(partitions, every):
    """Each goes to all partitions, and the engine asks each of as many every two seconds (rule T6)."""
    wall = at(HOUR)
    intake = Intake(
        "lifecycles",
        partitions,
        partitions,
        DeadLetters("letters", 1, 1 << 20),
        READING,
        wall_clock=lambda: wall,
        counts=SimpleNamespace(add=lambda _: None),
    )
    for number in range(partitions):
        assert list(intake.assigned(number, 0)) == []
    told_at: dict[int, list[int]] = {number: [] for number in range(partitions)}
    for second in range(0, 120, 2):
        wall = at(HOUR + second)
        for number in range(partitions):
            list(intake(Slice("raw", number, second, second + 1, [event(second / 4)._replace(offset=second)])))
            if list(intake.idle(number, second + 1, caught_up=True)):
                told_at[number].append(second)
        now = [number for number, times in told_at.items() if times and times[-1] == second]
        assert len(now) * partitions <= max(partitions**2 if every == 2 else 0, 2.2 * 1000 + partitions)
    assert {after - before for times in told_at.values() for before, after in pairwise(times)} == {every}


def test_others_events_are_quiet(stage):
    """Otherwise a partition without events of ours would hold up every deadline."""
    stage.read(event(0))
    for _ in range(6):
        assert stage.idle(9, caught_up=True) == []
        stage.read(Record(0, None, OF_OTHERS))
    assert ticks(stage.idle(6, caught_up=True)) == told(HOUR + 60)


def test_a_partition_that_comes_back_begins_without_a_clock(stage):
    """Another process may have told more of it meanwhile, or it may have to be read again from before."""
    stage.read(event(600))
    stage.wall += 60 * SECOND
    stage.intake.revoked(OURS)
    stage.take_over()
    assert stage.idle(59.9, caught_up=True) == []
    assert heard(stage.read(event(500))) == told(500)


RECEIVED, APPENDED = 20, 7
"""Seconds after the beginning."""
ARRIVALS = {  # what its server says, whose the record's timestamp is; when it arrived
    "its server says": (RECEIVED, LOG_APPEND_TIME, RECEIVED),
    "its server says, the topic has producers' times": (RECEIVED, CREATE_TIME, RECEIVED),
    "the broker says": (None, LOG_APPEND_TIME, APPENDED),
    "its producer's word is none": (None, CREATE_TIME, HOUR),
}


@pytest.mark.parametrize("received, timestamp_type, arrived", ARRIVALS.values(), ids=ARRIVALS)
def test_when_an_event_arrived(stage, received, timestamp_type, arrived):
    record = Record(0, None, started(0, received), timestamp=at(APPENDED) // 1000, timestamp_type=timestamp_type)
    (got,) = forwarded(stage.read(record))
    assert got.arrived == at(arrived)


AHEAD = {  # seconds by which an event is dated after it arrived, and whether it moves the clock
    "5 minutes": (300, True),
    "more": (300.001, False),
}


@pytest.mark.parametrize("seconds, moves", AHEAD.values(), ids=AHEAD)
@pytest.mark.parametrize("who", ["its server says", "the broker says", "its producer's word is none"])
def test_a_wrong_clock_is_known_by_when_its_event_arrived(stage, who, seconds, moves):
    """In an old log too: by the wall clock, every event in it would be of the past. It is forwarded all the same."""
    received, timestamp_type, arrived = ARRIVALS[who]
    value = started(arrived + seconds, received)
    messages = stage.read(Record(0, None, value, timestamp=at(APPENDED) // 1000, timestamp_type=timestamp_type))
    assert [it.clock for it in forwarded(messages)] == [at(arrived + seconds) if moves else None]
    assert heard(messages) == (told(arrived + seconds) if moves else told())


FATES = {  # a record's value; its fate, and what event it was
    "an event": (started(0), "forwarded", (Kind.WORKER, Role.START)),
    "another's event": (OF_OTHERS, "ignored", None),
    "a tombstone": (None, "ignored", None),
    "no valid event": (INVALID, "dead-lettered", None),
}
WRITTEN = {"forwarded": {"lifecycles": PARTITIONS}, "ignored": {}, "dead-lettered": {"letters": 1}}
"""Messages by topic: the first event of a partition shows a clock, to all."""


@pytest.mark.parametrize("value, fate, what", FATES.values(), ids=FATES)
def test_each_record_has_one_fate_and_is_counted(stage, value, fate, what):
    messages = stage.read(Record(0, b"any", value))
    (tally,) = stage.counted
    assert (tally.stage, tally.events) == ("intake", {(what, fate): 1})
    assert tally.dead_letters == ({prefect.InvalidEvent.__name__: 1} if fate == "dead-lettered" else {})
    assert Counter(message.topic for message in messages) == WRITTEN[fate]


def test_a_slice_is_counted_once_it_is_committed_and_whole(stage):
    values = [value for value, _, _ in FATES.values()]
    records = [Record(number, None, value) for number, value in enumerate(values * 2)]
    (transaction,) = stage.intake(Slice("raw", OURS, 0, len(records), records))
    assert stage.counted == []
    transaction.committed()
    (tally,) = stage.counted
    assert Counter({fate: count for (_, fate), count in tally.events.items()}) == {
        "forwarded": 2,
        "ignored": 4,
        "dead-lettered": 2,
    }


def test_what_is_no_valid_event_is_found_again_by_its_letter(stage):
    """Where it lies, why, and all that it came with."""
    stage.read(event(0))
    (letter,) = stage.read(Record(0, b"any", INVALID, headers=(("trace", b"1"),)))
    headers = dict(letter.headers)
    assert (letter.key, letter.value, headers.pop("trace")) == (b"any", INVALID, b"1")
    assert headers.pop("__streams.errors.message").startswith(b"id is 'no UUID'")
    assert headers == {
        "__streams.errors.exception": b"InvalidEvent",
        "__streams.errors.topic": b"raw",
        "__streams.errors.partition": b"%d" % OURS,
        "__streams.errors.offset": b"1",
    }


def test_a_long_silence_in_the_backlog_is_told_in_transactions_of_bounded_size(stage):
    """Each of these events moves the clock by an hour, which all partitions hear of, one by the event."""
    stage.wall = at(FULL * HOUR)
    records = [event(number * HOUR)._replace(offset=number) for number in range(2 * FULL // PARTITIONS)]
    transactions = list(stage.intake(Slice("raw", OURS, 0, len(records), records)))
    assert max(len(transaction.messages) for transaction in transactions) <= FULL + PARTITIONS + 1
    ends = [transaction.end for transaction in transactions]
    assert ends == sorted(set(ends))
    assert ends[-1] == len(records)
    assert sum(len(transaction.messages) for transaction in transactions) == len(records) * PARTITIONS
