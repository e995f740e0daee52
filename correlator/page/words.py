"""Times, spans and names as people read them."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from correlator.moments import DAY, HOUR, MINUTE, SECOND

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

SHORT: Final = 64
"""Characters of a name in a line."""
LONG: Final = 500
"""Characters of a name anywhere: what is longer is cut, and says so by an ellipsis."""

_unseen = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
"""Controls, and marks that turn the direction of what is written after them."""


def span(microseconds: int) -> str:
    """A span in its two largest units: ``3d 4h``, ``5m 24s``, ``12.3s``, ``850ms``."""
    if microseconds < SECOND:
        return f"{microseconds // 1000}ms" if microseconds >= 1000 or not microseconds else "<1ms"
    if microseconds < MINUTE:
        return f"{microseconds // (SECOND // 10) / 10:g}s"
    for large, small, names in ((DAY, HOUR, "dh"), (HOUR, MINUTE, "hm"), (MINUTE, SECOND, "ms")):
        if microseconds >= large:
            whole, rest = divmod(microseconds, large)
            return f"{whole:,}{names[0]} {rest // small}{names[1]}" if rest >= small else f"{whole:,}{names[0]}"
    raise AssertionError


def moment(microseconds: int) -> datetime:
    """A time in microseconds since 1970 UTC."""
    return EPOCH + timedelta(microseconds=microseconds)


def day(microseconds: int) -> str:
    """``23 Nov 2026``."""
    at = moment(microseconds)
    return f"{at.day} {at:%b %Y}"


def clock(microseconds: int) -> str:
    """``15:38:21``."""
    return f"{moment(microseconds):%H:%M:%S}"


def when(microseconds: int, now: int) -> str:
    """A time as one says it now: without the day where that is today's, without the year where that is this year's."""
    at, today = moment(microseconds), moment(now)
    if at.date() == today.date():
        return clock(microseconds)
    year = "" if at.year == today.year else f" {at.year}"
    return f"{at.day} {at:%b}{year} {at:%H:%M}"


def name(text: str, most: int = LONG) -> str:
    """A name with what cannot be seen made visible (``[U+202E]``), cut where it is longer than so many characters."""
    text = _unseen.sub(lambda found: f"[U+{ord(found[0]):04X}]", text[: most + 1])
    return text if len(text) <= most else text[: most - 1] + "…"


def many(count: int, one: str, more: str | None = None) -> str:
    """``1 worker``, ``2,000 workers``."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"
