"""Reading an interval: each event once, none left out, however they are spread, and whatever happens meanwhile."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.bridge.reading import TARGET_EVENTS, read
from correlator.bridge.times import FAR_FUTURE, Interval
from correlator.moments import DAY, MINUTE, SECOND, Moment, Span
from tests.bridge.fakes import NOON, Event, FakeApi

WEEK_AGO = NOON - 7 * DAY


async def ids(api, asked):
    found, read_to = [], asked.since
    async for events, to in read(api, asked):
        found += [event.id for event in events]
        assert to >= read_to, "it goes back"
        read_to = to
        assert all(event.occurred >= asked.since for event in events)
    assert read_to == asked.until
    return found


def expected(api, asked):
    within = [event for event in api.events if asked.since <= event.occurred < asked.until]
    return [event.id.bytes for event in sorted(within, key=lambda event: event.occurred)]


@given(
    offsets=st.lists(st.integers(0, 7 * DAY) | st.integers(0, 40) | st.sampled_from([0, DAY, 7 * DAY]), max_size=400),
    page=st.integers(2, 50),
)
async def test_each_event_once_in_the_order_in_which_it_occurred(offsets, page):
    api = FakeApi([Event(n, WEEK_AGO + Span(offset)) for n, offset in enumerate(offsets)], page=page)
    for asked in (Interval(WEEK_AGO), Interval(WEEK_AGO, NOON), Interval(WEEK_AGO + 3 * DAY, WEEK_AGO + 4 * DAY)):
        found = await ids(api, asked)
        assert sorted(found) == sorted(expected(api, asked))
        order = {event.id.bytes: event.occurred for event in api.events}
        assert [order[id_] for id_ in found] == sorted(order[id_] for id_ in found)


async def test_more_events_at_one_moment_than_fit_a_page():
    api = FakeApi([Event(n, WEEK_AGO + (n % 3) * SECOND) for n in range(500)])
    assert sorted(await ids(api, Interval(WEEK_AGO))) == sorted(event.id.bytes for event in api.events)


async def test_events_dated_ahead_are_read_too():
    api = FakeApi([Event(1, NOON - MINUTE), Event(2, NOON + 3000 * DAY)])
    assert len(await ids(api, Interval(WEEK_AGO, FAR_FUTURE))) == 2


async def test_what_comes_meanwhile_moves_nothing_out_of_sight():
    """Each of these would shift an offset by one, and the last events would never be read."""
    api = FakeApi([Event(n, WEEK_AGO + n * SECOND) for n in range(300)])
    api.meanwhile = [(2 + n, Event(1000 + n, WEEK_AGO + n * SECOND)) for n in range(5)]
    found = await ids(api, Interval(WEEK_AGO))
    assert set(found) >= {event.id.bytes for event in api.events if event.id.int < 1000}
    assert len(found) == len(set(found))


async def test_what_is_deleted_meanwhile_moves_nothing_out_of_sight():
    api = FakeApi([Event(n, WEEK_AGO + n * SECOND) for n in range(300)])
    found = []
    async for events, _ in read(api, Interval(WEEK_AGO)):
        found += [int.from_bytes(event.id) for event in events]
        api.events = api.events[10:]
    assert found[-1] == 299
    assert set(range(50)) <= set(found)
    assert {n for n in range(300) if n not in found} <= set(range(300 - 50)), "only what was gone before we came"


@pytest.mark.parametrize("count, span", [(20_000, 7 * DAY), (20_000, MINUTE), (5_000, Span(5_000))])
async def test_the_server_never_counts_much_more_than_is_read(count, span):
    """The server counts the whole interval for every page."""
    api = FakeApi([Event(n, WEEK_AGO + Span(span * n // count)) for n in range(count)])
    await ids(api, Interval(WEEK_AGO))
    assert sum(api.sizes) / len(api.sizes) < 2 * TARGET_EVENTS
    assert len(api.sizes) < 1.15 * count / 50 + 20


async def test_an_empty_week_takes_few_requests():
    api = FakeApi()
    await ids(api, Interval(WEEK_AGO))
    assert len(api.asked) < 15


async def test_a_page_that_is_empty_though_there_should_be_more_is_the_end():
    """Events may be deleted between being counted and being read."""
    api = FakeApi([Event(n, WEEK_AGO) for n in range(200)])
    reading = read(api, Interval(WEEK_AGO, Moment(WEEK_AGO + DAY)))
    await anext(reading)
    api.events.clear()
    assert [len(it.events) async for it in reading][-1] == 0
