"""The position of the bridge, and its recovery from what Kafka keeps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from correlator.bridge import answers
from correlator.bridge.position import READ_TO, Position, Swept, UnreadablePosition, begins, minute_of
from correlator.moments import HOUR, MINUTE, SECOND, Moment, Span
from tests.bridge.fakes import NOON, Event

WINDOW = 2 * HOUR


def told(number, occurred):
    return answers.event(Raw(Event(number, occurred).value))


def position():
    return Position(NOON, WINDOW)


def test_what_is_in_the_topic_is_not_published_again():
    at, first, second = position(), told(1, NOON), told(2, NOON)
    assert at.fresh([first, second, first]) == [first, second]
    list(at.take([first], []))
    assert at.fresh([first, second]) == [second]


def test_what_occurred_before_it_began_is_not_published():
    assert position().fresh([told(1, NOON - Span(1)), told(2, NOON)])[0].occurred == NOON


def test_what_has_gone_out_and_what_was_swept_is_recovered():
    at = position()
    records = list(
        at.take([told(1, NOON), told(2, NOON + 5 * MINUTE)], [Swept(NOON + 3 * MINUTE, {minute_of(NOON): 7})])
    )
    records += at.take([told(3, NOON + 5 * MINUTE)], [])
    again = Position.recovered(records, WINDOW)
    assert (again.floor, again.read_to) == (NOON, NOON + 3 * MINUTE)
    assert again.total(NOON, NOON + MINUTE) == 7
    assert [it.id[-1] for it in again.fresh(told(n, NOON + (n > 1) * 5 * MINUTE) for n in range(5))] == [0, 4]
    assert len(again.minutes()) == 3


def test_nothing_is_no_position():
    assert Position.recovered([], WINDOW) is None


def test_what_is_older_than_the_window_is_forgotten_and_its_records_deleted():
    at = position()
    ((key, _),) = at.take([told(1, NOON)], [])
    assert list(at.take([told(2, NOON + 3 * HOUR)], [Swept(NOON + WINDOW, {})]))[-1][0] == READ_TO
    assert at.floor == NOON
    records = list(at.take([], [Swept(NOON + WINDOW + MINUTE, {})]))
    assert (key, None) in records
    assert at.floor == NOON + MINUTE
    assert at.fresh([told(1, NOON)]) == [], "too old to be told from one that was published"


def test_a_key_is_never_used_twice():
    at = position()
    records = list(at.take([told(1, NOON)], [])) + list(at.take([told(2, NOON)], [Swept(NOON, {})]))
    again = Position.recovered(records, WINDOW)
    ((key, _),) = again.take([told(3, NOON)], [])
    assert key not in dict(records)


def test_the_minutes_of_the_window_are_looked_at_again():
    at = Position(Moment(NOON + 30 * SECOND), WINDOW)
    list(at.take([], [Swept(NOON + 3 * MINUTE, {})]))
    assert at.minutes() == [
        (NOON + 30 * SECOND, NOON + MINUTE),
        (NOON + MINUTE, NOON + 2 * MINUTE),
        (NOON + 2 * MINUTE, NOON + 3 * MINUTE),
    ]


@pytest.mark.parametrize(
    "records, said",
    [
        ([(READ_TO, b"\x93\x02\x00\x00")], "another release wrote this, in version 2"),
        ([(READ_TO, b"\xff")], "not a position"),
        ([(READ_TO, None), (b"0", b"x")], None),
    ],
)
def test_what_another_release_wrote_is_refused(records, said):
    if said is None:
        assert Position.recovered(records, WINDOW) is None
        return
    with pytest.raises(UnreadablePosition, match=said):
        Position.recovered(records, WINDOW)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 600), st.booleans()), max_size=60))
def test_recovered_it_is_as_it_was(steps):
    at, records = position(), []
    for number, offset, sweeps in steps:
        event = told(number, NOON + offset * MINUTE)
        swept = [Swept(begins(minute_of(NOON) + offset), {minute_of(NOON) + offset: 1})] if sweeps else []
        records += at.take(at.fresh([event]), swept)
    records += at.take([], [Swept(NOON, {})])
    again = Position.recovered(records, WINDOW)
    assert (again.floor, again.read_to, again.minutes()) == (at.floor, at.read_to, at.minutes())
    events = [told(number, NOON + offset * MINUTE) for number, offset, _ in steps]
    assert again.fresh(events) == at.fresh(events) == []
