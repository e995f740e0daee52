"""Times, spans and names, written for people."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from correlator.moments import DAY, HOUR, MINUTE, SECOND

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

SHORT: Final = 64
"""The longest name within a line, in characters."""
LONG: Final = 500
"""The longest name anywhere, in characters. Longer names are cut and end in an ellipsis."""

_unseen = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
"""Control characters, and marks that reverse the direction of the text after them."""


def span(microseconds: int) -> str:
    """A span in one or two units: ``3d 4h``, ``5m 24s``, ``12.3s``, ``850ms``."""
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
    """The datetime of a time in microseconds since 1970 UTC."""
    return EPOCH + timedelta(microseconds=microseconds)


def day(microseconds: int) -> str:
    """The date, such as ``23 Nov 2026``."""
    at = moment(microseconds)
    return f"{at.day} {at:%b %Y}"


def clock(microseconds: int) -> str:
    """The time of day, such as ``15:38:21``."""
    return f"{moment(microseconds):%H:%M:%S}"


def when(microseconds: int, now: int) -> str:
    """A time without the date if it is today, and without the year if it is this year."""
    at, today = moment(microseconds), moment(now)
    if at.date() == today.date():
        return clock(microseconds)
    year = "" if at.year == today.year else f" {at.year}"
    return f"{at.day} {at:%b}{year} {at:%H:%M}"


def name(text: str, most: int = LONG) -> str:
    """A name with invisible characters made visible (``[U+202E]``), cut to at most ``most`` characters."""
    text = _unseen.sub(lambda found: f"[U+{ord(found[0]):04X}]", text[: most + 1])
    return text if len(text) <= most else text[: most - 1] + "…"


def many(count: int, one: str, more: str | None = None) -> str:
    """A count with its noun: ``1 worker``, ``2,000 workers``."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"
