"""The API's time: the server's clock or ours, whichever is earlier, so that a wrong one does no harm. And how long to
wait.
"""

import time

import pytest

from correlator.bridge.api import Api
from correlator.bridge.backoff import MAX_DELAY, Backoff
from correlator.bridge.failures import MAX_RETRY_AFTER, refused
from correlator.bridge.server import Server
from correlator.moments import DAY, HOUR, SECOND, Moment, Span

SERVER = Server("http://localhost:4200/api")


@pytest.mark.parametrize("ahead, by", [(-HOUR, -HOUR), (HOUR, Span(0)), (3650 * DAY, Span(0))])
def test_the_earlier_clock_counts(ahead, by):
    api = Api(SERVER, ())
    ours = Moment(time.time_ns() // 1000)
    api.seen_alive(ours + ahead)
    assert abs(api.now - (ours + by)) < 2 * SECOND


def test_a_sign_of_life_without_a_date_lets_the_clock_go_on():
    api = Api(SERVER, ())
    api.seen_alive(Moment(time.time_ns() // 1000) - HOUR)
    api.seen_alive()
    assert abs(Moment(time.time_ns() // 1000) - HOUR - api.now) < 2 * SECOND
    assert (api.answers, api.silence < 1) == (2, True)


@pytest.mark.parametrize(
    "said, seconds",
    [("7", 7), ("0", 0), ("99999999", MAX_RETRY_AFTER), ("soon", 0), ("Mon, 30 Nov 1970 05:46:07 GMT", 0), (None, 0)],
)
def test_how_long_the_server_asks_us_to_wait(said, seconds):
    assert refused(429, SERVER, after=said).after == seconds


def test_patience_waits_longer_each_time_up_to_a_bound():
    backoff = Backoff(lambda: 1.0)
    waits = [backoff.next() for _ in range(10)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (0.5, MAX_DELAY)
    assert backoff.next(at_least=60) == 60 + MAX_DELAY


def test_what_works_for_a_moment_only_is_not_tried_ever_faster():
    backoff = Backoff(lambda: 1.0)
    for _ in range(10):
        backoff.next()
    backoff.working()
    assert not backoff.failed()
    assert backoff.next() == MAX_DELAY
