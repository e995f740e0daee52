"""Times as the API writes them, and the span that we ask for."""

from datetime import timedelta
from typing import Final, NamedTuple

from correlator.moments import DAY, EPOCH, SECOND, Moment

FAR_FUTURE: Final = Moment(221_845_392_000 * SECOND)
"""The year 9000, after all that occurs: the API takes "until" for now where it is not said."""

RETENTION: Final = 7 * DAY
"""How long a server keeps events, by default (`PREFECT_SERVER_EVENTS_RETENTION_PERIOD`)."""


class Interval(NamedTuple):
    """Of which events we ask: those that occurred from ``since`` on, and before ``until``."""

    since: Moment
    until: Moment = FAR_FUTURE


def written(moment: Moment) -> str:
    """A moment as the API wants it, exactly."""
    return (EPOCH + timedelta(microseconds=moment)).isoformat()
