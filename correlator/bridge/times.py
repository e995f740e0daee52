"""Times as the API writes them, and the span that we ask for."""

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from correlator.moments import SECOND, Moment

FAR: Final = Moment(221_845_392_000 * SECOND)
"""The year 9000, after all that occurs: the API takes "until" for now where it is not said."""

_EPOCH = datetime.fromtimestamp(0, UTC)


class Asked(NamedTuple):
    """Of which events we ask: those that occurred from ``since`` on, and before ``until``."""

    since: Moment
    until: Moment = FAR


def written(moment: Moment) -> str:
    """A moment as the API wants it, exactly."""
    return (_EPOCH + timedelta(microseconds=moment)).isoformat()


def moment_of(date: datetime) -> Moment:
    """The moment that a date with an offset names."""
    return Moment((date.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1))
