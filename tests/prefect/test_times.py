"""RFC 3339 to microseconds: exact, and strict."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.prefect.times import LATEST, moment

AT = 1_795_448_301_000_000  # 2026-11-23T15:38:21Z


@pytest.mark.parametrize(
    "text, expected",
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000001Z", 1),
        ("2026-11-23T15:38:21Z", AT),
        ("2026-11-23t15:38:21z", AT),
        ("2026-11-23 15:38:21+00:00", AT),  # prefect events stream
        ("2026-11-23T15:38:21.1Z", AT + 100_000),
        ("2026-11-23T15:38:21.737255Z", AT + 737_255),
        ("2026-11-23T15:38:21.737255999Z", AT + 737_255),  # cut, not rounded
        ("2026-11-23T17:38:21+02:00", AT),
        ("2026-11-23T15:38:21-00:00", AT),
        ("2026-11-23T10:08:21-05:30", AT),
        ("1970-01-01T00:30:00+00:30", 0),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
        ("9999-12-31T23:59:59.999999Z", LATEST),
    ],
)
def test_a_time_with_an_offset(text, expected):
    assert moment(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        None,
        0,
        AT,
        [],
        "",
        "now",
        "2026-11-23",
        "2026-11-23T15:38:21",  # no offset: whose time is it?
        "2026-11-23T15:38:21.Z",
        "2026-11-23  15:38:21Z",
        "2026-11-23T15:38Z",
        "20261123T153821Z",
        "2026-W48-1T15:38:21Z",
        "2026-11-23T15:38:21+0200",
        "2026-11-23T15:38:21+02",
        "2026-11-23T15:38:21+24:00",
        "2026-11-23T24:00:00Z",
        "2026-11-23T23:59:60Z",
        "2026-11-23T15:60:00Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "٢٠٢٦-11-23T15:38:21Z",
        "2026-11-23T15:38:21.٢٢٢٢٢٢Z",
        "2026-11-23T15:38:21.73725²Z",
        "2026-11-23T15:38:21.+37255Z",
        "2026-11-23T15:38:21.7_7255Z",
        "2026-11-23T15:38:21Z ",
        "2026-11-23T15:38:21Z\n",
        "1969-12-31T23:59:59.999999Z",
        "1970-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "0001-01-01T00:00:00+23:59",
    ],
)
def test_what_is_no_time_of_ours(text):
    assert moment(text) is None


@given(
    st.timedeltas(timedelta(days=1), timedelta(days=2_900_000)),
    st.integers(-1439, 1439),
)
def test_exact_to_the_microsecond_in_every_offset(since, minutes):
    there = (datetime.fromtimestamp(0, UTC) + since).astimezone(timezone(timedelta(minutes=minutes)))
    assert moment(there.isoformat()) == since // timedelta(microseconds=1)
