"""Times as the API writes them, and the intervals that we ask for."""

from datetime import timedelta
from typing import Final, NamedTuple

from correlator.moments import DAY, EPOCH, SECOND, Moment

FAR_FUTURE: Final = Moment(221_845_392_000 * SECOND)
"""The year 9000, later than any event: without an "until", the API assumes now."""

RETENTION: Final = 7 * DAY
"""How long a server keeps events, by default (`PREFECT_SERVER_EVENTS_RETENTION_PERIOD`)."""


class Interval(NamedTuple):
    """The events to ask for: those that occurred from ``since`` on, and before ``until``."""

    since: Moment
    until: Moment = FAR_FUTURE


def written(moment: Moment) -> str:
    """A moment in the API's format, exactly."""
    return (EPOCH + timedelta(microseconds=moment)).isoformat()
