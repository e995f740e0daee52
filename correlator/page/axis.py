"""The axis of the picture: from when to when, and where its ticks are."""

from collections.abc import Collection
from typing import Final, NamedTuple

from correlator.moments import DAY, HOUR, MINUTE, SECOND
from correlator.page.words import moment

STEPS: Final = tuple(
    count * unit
    for unit, counts in (
        (SECOND, (1, 2, 5, 10, 15, 30)),
        (MINUTE, (1, 2, 5, 10, 15, 30)),
        (HOUR, (1, 2, 3, 6, 12)),
        (DAY, (1, 2, 7, 14, 28, 56, 112, 364)),
    )
    for count in counts
)
MONDAY: Final = 4 * DAY
"""The first one since 1970: weeks begin there."""

SHORTEST: Final = 5 * MINUTE
GAIN: Final = 3
"""The oldest tenth may begin before the axis does, where that makes the rest this many times as large."""


class Tick(NamedTuple):
    """A place on the axis, in percent, and what is written there."""

    at: float
    label: str
    day: str | None
    """The date, where a new one begins."""


class Axis(NamedTuple):
    """From when to when, in microseconds since 1970 UTC."""

    begin: int
    end: int

    def percent(self, at: int) -> float:
        """Where a time is; before or after the axis it is at its begin or end."""
        return round(100 * (min(max(at, self.begin), self.end) - self.begin) / (self.end - self.begin), 3)

    def ticks(self, most: int) -> list[Tick]:
        """At most so many, at round times."""
        length = self.end - self.begin
        step = next((step for step in STEPS if length // step < most), STEPS[-1] * (length // STEPS[-1] // most + 1))
        offset = MONDAY if step >= 7 * DAY else 0
        first = self.begin + -(self.begin - offset) % step
        ticks: list[Tick] = []
        dated = None
        for at in range(first, self.end + 1, step):
            time = moment(at)
            date = f"{time.day} {time:%b}" + (f" {time.year}" if step >= 28 * DAY else "")
            label = date if step >= DAY else f"{time:%H:%M}" if step >= MINUTE else f"{time:%H:%M:%S}"
            ticks.append(Tick(self.percent(at), label, date if date != dated and step < DAY else None))
            dated = date
        return ticks


def axis_for(times: Collection[int], now: int) -> Axis:
    """An axis that ends now, for lifecycles that began at these times."""
    ordered = sorted(times) or [now]
    begin, tenth = ordered[0], ordered[min(-(-len(ordered) // 10), len(ordered) - 1)]
    if now - begin > GAIN * (now - tenth):
        begin = tenth
    length = max(now - begin, SHORTEST)
    return Axis(now - length - length // 50, now + length // 100)
