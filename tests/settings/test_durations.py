"""Durations as people write them."""

import contextlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.settings import durations


@pytest.mark.parametrize(
    "text, expected",
    [
        ("0", timedelta(0)),
        ("900", timedelta(minutes=15)),
        ("0.5", timedelta(milliseconds=500)),
        ("30s", timedelta(seconds=30)),
        ("250ms", timedelta(milliseconds=250)),
        ("10us", timedelta(microseconds=10)),
        ("15m", timedelta(minutes=15)),
        ("1.5h", timedelta(minutes=90)),
        ("1h30m", timedelta(minutes=90)),
        (" 1h 30m ", timedelta(minutes=90)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(days=14)),
        ("PT15M", timedelta(minutes=15)),
        ("PT0.000001S", timedelta(microseconds=1)),
        ("P7D", timedelta(days=7)),
        ("P1W", timedelta(days=7)),
        ("P1DT12H", timedelta(hours=36)),
    ],
)
def test_parse(text, expected):
    assert durations.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "soon",
        "-5",
        "+5",
        ".5",
        "5.",
        "1e3",
        "15 minutes",
        "5M",
        "P",
        "PT",
        "P1M",
        "P1Y",
        "1d-1h",
        "٣",
        "nan",
        "inf",
    ],
)
def test_what_is_no_duration_is_told_what_is(text):
    with pytest.raises(ValueError, match=r"must be a duration such as 900 \(seconds\), 30s, 15m"):
        durations.parse(text)


@pytest.mark.parametrize(
    "text, reason",
    [
        ("0.0000001", "finer than a microsecond"),
        ("0.5us", "finer than a microsecond"),
        ("36526d", "longer than 36525d"),
        ("99999999999999999999w", "longer than 36525d"),
    ],
)
def test_what_cannot_be_held(text, reason):
    with pytest.raises(ValueError, match=reason):
        durations.parse(text)


@given(st.timedeltas(timedelta(0), durations.MAX_DURATION))
def test_show_is_read_back_exactly(duration):
    assert durations.parse(durations.show(duration)) == duration


@given(st.text("0123456789.PTWDHMSwdhmsu -"))
def test_parse_raises_nothing_but_value_error(text):
    with contextlib.suppress(ValueError):
        durations.parse(text)
