"""How times and spans are written: exactly, and always with six decimals."""

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
    """The time up to the second, cached: many events share a second."""
    return (_EPOCH + timedelta(0, seconds)).isoformat("T", "seconds")


def in_seconds(span: Span) -> Raw:
    """A span, which must not be negative, as a JSON number of seconds with six decimals: ``324.000123``, ``0.000001``.

    No float is involved: it would print a microsecond as 1e-6, and is exact only up to 272 years.
    """
    return Raw(b"%d.%06d" % divmod(span, 1_000_000))
