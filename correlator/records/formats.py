"""How times and spans are written: exactly, and always in the same number of digits."""

from datetime import datetime, timedelta
from functools import lru_cache

from msgspec import Raw

from correlator.moments import Moment, Span

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - UTC throughout: without a zone it prints none, and Z is appended


def rfc3339(moment: Moment) -> str:
    """A time in UTC: ``2026-11-23T15:38:21.737255Z``."""
    seconds, microseconds = divmod(moment, 1_000_000)
    return f"{_second(seconds)}.{microseconds:06}Z"


@lru_cache(4096)
def _second(seconds: int) -> str:
    """Many events share a second."""
    return (_EPOCH + timedelta(0, seconds)).isoformat("T", "seconds")


def in_seconds(span: Span) -> Raw:
    """A span of zero or more as a JSON number of seconds with six decimals: ``324.000123``, ``0.000001``.

    Not by way of a float, which prints a microsecond as 1e-6 and is exact for 272 years only.
    """
    return Raw(b"%d.%06d" % divmod(span, 1_000_000))
