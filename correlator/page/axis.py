"""The time axis of the timeline: where it begins and ends, and where its ticks are."""

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
"""The first Monday since 1970, from which weeks are counted."""

MIN_LENGTH: Final = 5 * MINUTE
"""The shortest axis."""
MIN_GAIN: Final = 3
"""The axis leaves out the beginnings of the oldest tenth of lifecycles, if that makes the others more than this many
times as wide.
"""


class Tick(NamedTuple):
    """A tick of the axis."""

    at: float
    """Its place on the axis, in percent."""
    label: str
    day: str | None
    """The date, if this is the first tick of a day; on an axis of whole days, the label is the date."""


class Axis(NamedTuple):
    """The axis' begin and end, in microseconds since 1970 UTC."""

    begin: int
    end: int

    def percent(self, at: int) -> float:
        """The place of a time on the axis. Times before or after the axis are placed at its begin or end."""
        return round(100 * (min(max(at, self.begin), self.end) - self.begin) / (self.end - self.begin), 3)

    def ticks(self, most: int) -> list[Tick]:
        """At most ``most`` ticks, at round times."""
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
    """An axis up to ``now`` for lifecycles that began at ``times``."""
    ordered = sorted(times) or [now]
    begin, tenth = ordered[0], ordered[min(-(-len(ordered) // 10), len(ordered) - 1)]
    if now - begin > MIN_GAIN * (now - tenth):
        begin = tenth
    length = max(now - begin, MIN_LENGTH)
    return Axis(now - length - length // 50, now + length // 100)
