"""RFC 3339 times to microseconds, exactly."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

LATEST: Final = (datetime.max.replace(tzinfo=UTC) - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)
"""The end of the year 9999, in microseconds since 1970: the last time that RFC 3339 can write."""

_EPOCH = datetime.fromtimestamp(0, UTC)
_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ](?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def microseconds(text: object) -> int | None:
    """Microseconds since 1970-01-01 UTC; None for what is no RFC 3339 time with an offset, or lies before 1970.

    A blank may stand for the T (section 5.6), as `prefect events stream` writes it.
    Digits beyond the sixth of a fraction are cut, not rounded: rounding could move a time past its successor's.
    """
    if not isinstance(text, str) or not _RFC_3339.fullmatch(text):
        return None
    try:
        since = datetime.fromisoformat(text.upper()) - _EPOCH
    except ValueError:  # a 30th of February, a minute 60, an offset of 24 hours
        return None
    exact = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return exact if 0 <= exact <= LATEST else None
