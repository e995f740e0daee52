"""RFC 3339 times, to the microsecond."""

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from correlator.moments import Moment, Span, moment_of

LATEST: Final = moment_of(datetime.max.replace(tzinfo=UTC))
"""The end of the year 9999, in microseconds since 1970: the last time that RFC 3339 can write."""

_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ](?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def moment(text: object) -> Moment | None:
    """The moment of an RFC 3339 time; None if it is not one, has no offset, or lies before 1970.

    A space may stand for the T (section 5.6), as `prefect events stream` writes it.
    Fractions are cut after six digits, not rounded: rounding could move a time past that of the next event.
    """
    if not isinstance(text, str):
        return None
    # The form in which Prefect writes nearly all times: 2026-11-23T15:38:21.737255Z. Many events share a second.
    if len(text) == 27 and text[19] == "." and text[26] == "Z" and text.isascii() and (digits := text[20:26]).isdigit():
        second = _second(text[:19])
        return None if second is None else second + Span(int(digits))
    return _exact(text)


def _exact(text: str) -> Moment | None:
    if not _RFC_3339.fullmatch(text):
        return None
    try:
        exact = moment_of(datetime.fromisoformat(text.upper()))
    except ValueError:  # a 30th of February, a minute 60, an offset of 24 hours
        return None
    return exact if 0 <= exact <= LATEST else None


@lru_cache(4096)
def _second(text: str) -> Moment | None:
    return _exact(f"{text}Z")
