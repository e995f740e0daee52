"""How events come to correlate: in one hop, each partition has its own clock; in two, the clocks come with ticks."""

import pytest

from correlator import prefect
from correlator.core import Rules
from correlator.engine import Message, Slice
from correlator.stage.arriving import LOG_APPEND_TIME, OneHop, TwoHops
from correlator.stage.correlate import Correlate
from correlator.stage.dead_letters import DeadLetters
from correlator.wire import Forwarded, Tick
from tests.engine.fakes import Record
from tests.prefect.events import EXECUTED, READING, STARTED, raw
from tests.stage.brokerless import Entries, Uncounted

SECOND = 1_000_000
OURS = 3
WALL = 1_800_000_000 * SECOND
SAID = prefect.decode(raw(STARTED), READING)
KEY = SAID.subject.encode()
STARTED_AT = SAID.event.occurred
OF_OTHERS = raw({**STARTED, "event": "prefect.flow-run.Running"})


class Clock:
    """A wall clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = WALL

    def __call__(self) -> int:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += round(seconds * SECOND)


@pytest.fixture
def wall() -> Clock:
    return Clock()


@pytest.fixture
def direct(wall: Clock) -> OneHop:
    source = OneHop(READING, wall_clock=wall)
    source.assigned(OURS)
    return source


def test_an_event_comes_with_the_clock_of_its_partition_the_only_one(direct):
    """Whatever partition it is in: its low watermark is that partition's clock alone."""
    arrived = direct.reader(OURS)(Record(0, KEY, raw(STARTED)))
    assert arrived == Forwarded(SAID.kind, SAID.event, SAID.details, WALL, 0, 1, STARTED_AT)
    earlier = direct.reader(OURS)(Record(1, KEY, raw(STARTED, occurred="2020-01-01T00:00:00Z")))
    assert (earlier.event.occurred < STARTED_AT, earlier.clock) == (True, STARTED_AT)


def test_the_broker_s_word_for_when_it_arrived_counts_in_one_hop_too(direct):
    record = Record(0, KEY, raw(STARTED), timestamp=STARTED_AT // 1000, timestamp_type=LOG_APPEND_TIME)
    assert direct.reader(OURS)(record).arrived == STARTED_AT // 1000 * 1000


@pytest.mark.parametrize("value", [None, OF_OTHERS])
def test_what_is_not_ours_is_nothing(direct, value):
    assert direct.reader(OURS)(Record(0, None, value)) is None


@pytest.mark.parametrize("key", [None, b"another"])
def test_an_event_under_another_key_is_not_valid(direct, key):
    """The rest of its lifecycle may be in another partition, and would be decided wrong, unnoticed."""
    with pytest.raises(direct.invalid, match=r"^the key is not the subject, as CORRELATOR_INPUT_KEYED_BY=subject says"):
        direct.reader(OURS)(Record(0, key, raw(STARTED)))
    assert direct.reader(OURS)(Record(1, key, OF_OTHERS)) is None


def test_what_is_not_valid_is_raised_as_it_says(direct):
    with pytest.raises(direct.invalid):
        direct.reader(OURS)(Record(0, KEY, raw(STARTED, id="no UUID")))


QUIET = {  # seconds since the event, whether all was read, and whether the wall clock is the time now
    "not for long": (59.9, True, False),
    "for a minute": (60, True, True),
    "for a minute, and there is more to read": (60, False, False),
}


@pytest.mark.parametrize("seconds, caught_up, moves", QUIET.values(), ids=QUIET)
@pytest.mark.parametrize("before", [True, False], ids=["after an event", "before any"])
def test_a_quiet_partition_s_time_is_the_wall_clock_s(direct, wall, before, seconds, caught_up, moves):
    if before:
        direct.reader(OURS)(Record(0, KEY, raw(STARTED)))
    wall.pass_(seconds)
    expected = Tick(0, 1, wall.now) if moves else None
    assert direct.idle(OURS, caught_up=caught_up) == expected


def test_time_that_stood_still_is_not_told_again(direct, wall):
    """Otherwise it would be written to the changelog every two seconds, for each partition."""
    wall.pass_(60)
    assert direct.idle(OURS, caught_up=True) is not None
    assert direct.idle(OURS, caught_up=True) is None
    wall.pass_(9.9)
    assert direct.idle(OURS, caught_up=True) is None
    wall.pass_(0.1)
    assert direct.idle(OURS, caught_up=True) == Tick(0, 1, wall.now)


def test_a_partition_that_comes_back_begins_without_a_clock(direct, wall):
    wall.pass_(60)
    assert direct.idle(OURS, caught_up=True) is not None
    direct.assigned(OURS)
    wall.pass_(59.9)
    assert direct.idle(OURS, caught_up=True) is None


def test_in_two_hops_time_comes_as_ticks_and_in_no_other_way():
    source = TwoHops()
    source.assigned(OURS)
    assert source.idle(OURS, caught_up=True) is None


def test_an_idle_topic_ends_what_is_due_in_one_hop_too(wall):
    """An end whose start never came is published when its time is up, though no event shows that it is."""
    table, published = Entries(), []

    def publish(partition, lifecycle) -> Message:
        assert partition == OURS
        published.append((lifecycle.outcome, lifecycle.subject))
        return Message("records", 0, b"", b"", [])

    rules = Rules()
    direct = OneHop(READING, wall_clock=wall)
    stage = Correlate(direct, table, publish, DeadLetters("letters", 1, 1 << 20), rules, Uncounted())

    def idle() -> list[tuple[str | None, str]]:
        for transaction in stage.idle(OURS, 1, caught_up=True):
            assert transaction.end == 1
            table.commit(transaction.changes)
        return published

    assert list(stage.assigned(OURS, 0)) == []
    end = prefect.decode(raw(EXECUTED), READING)
    wall.now = end.event.occurred
    for transaction in stage(Slice("raw", OURS, 0, 1, [Record(0, end.subject.encode(), raw(EXECUTED))])):
        table.commit(transaction.changes)
    wall.now = end.event.occurred + rules.grace
    assert idle() == []
    wall.pass_(10)
    assert idle() == [("unmatched", end.subject)]
    wall.pass_(3600)
    assert idle() == [("unmatched", end.subject)], "once"
