"""How times and spans are written: exactly, and always in the same number of digits."""

from datetime import datetime, timedelta

from orjson import Fragment

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - UTC throughout: without a zone it prints none, and Z is appended


def rfc3339(microseconds: int) -> str:
    """A time in microseconds since 1970 UTC: ``2026-11-23T15:38:21.737255Z``."""
    return (_EPOCH + timedelta(0, 0, microseconds)).isoformat("T", "microseconds") + "Z"


def seconds(microseconds: int) -> Fragment:
    """A span of zero or more as a JSON number of seconds with six decimals: ``324.000123``, ``0.000001``.

    Not by way of a float, which prints a microsecond as 1e-6 and is exact for 272 years only.
    """
    return Fragment(b"%d.%06d" % divmod(microseconds, 1_000_000))
