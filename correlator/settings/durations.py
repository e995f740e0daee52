"""Durations, as all settings and options are written.

They are exact to the microsecond (fractions, never floats), because the times that they are compared with are exact.
"""

import re
from datetime import timedelta
from fractions import Fraction
from typing import Final

UNITS: Final = {
    "us": timedelta(microseconds=1),
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
"""The units a duration may be written in, with their lengths. No months or years: their length is not fixed."""

MAX_DURATION: Final = timedelta(days=36_525)
"""A hundred years: longer than any limit means anything, and far from where arithmetic on times overflows."""

EXPECTED: Final = "a duration such as 900 (seconds), 30s, 15m, 1h30m, 7d or PT15M (units: us, ms, s, m, h, d, w)"

_MICROSECOND = timedelta(microseconds=1)
_NUMBER = r"[0-9]{1,20}(?:\.[0-9]{1,20})?"
_SECONDS = re.compile(_NUMBER)
_PART = re.compile(rf"\s*({_NUMBER})\s*(us|ms|s|m|h|d|w)")
_PARTS = re.compile(rf"(?:{_PART.pattern})+")
_ISO = re.compile(
    rf"P(?=[0-9T])(?:({_NUMBER})W)?(?:({_NUMBER})D)?"
    rf"(?:T(?=[0-9])(?:({_NUMBER})H)?(?:({_NUMBER})M)?(?:({_NUMBER})S)?)?",
)


def parse(text: str) -> timedelta:
    """Read a duration: seconds (``900``, ``0.5``), units (``15m``, ``1h30m``, ``7d``) or ISO 8601 (``PT15M``, ``P7D``).

    Raises ``ValueError``, with a message that says what is expected, if the text is none of these, finer than a
    microsecond or longer than ``MAX_DURATION``.
    """
    text = text.strip()
    if _SECONDS.fullmatch(text):
        parts = [(text, "s")]
    elif _PARTS.fullmatch(text):
        parts = _PART.findall(text)
    elif iso := _ISO.fullmatch(text):
        parts = [(number, unit) for number, unit in zip(iso.groups(), "wdhms", strict=True) if number]
    else:
        message = f"must be {EXPECTED}"
        raise ValueError(message)
    microseconds = sum((Fraction(number) * (UNITS[unit] // _MICROSECOND) for number, unit in parts), Fraction())
    if microseconds % 1:
        message = "must not be finer than a microsecond"
        raise ValueError(message)
    if microseconds > MAX_DURATION // _MICROSECOND:
        message = f"must not be longer than {MAX_DURATION.days}d"
        raise ValueError(message)
    return timedelta(microseconds=int(microseconds))


def show(duration: timedelta) -> str:
    """Write a duration of zero or more as people do, in the largest units that hold it: ``15m``, ``1h30m``, ``7d``.

    ``parse`` reads it back exactly. Weeks are written as days.
    """
    rest, written = duration, ""
    for unit in ("d", "h", "m", "s", "ms", "us"):
        count, rest = divmod(rest, UNITS[unit])
        written += f"{count}{unit}" if count else ""
    return written or "0s"
