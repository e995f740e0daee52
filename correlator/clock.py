"""A process's wall clock: it is set once, at the start, and runs on evenly from there."""

import time
from collections.abc import Callable
from typing import Final

from correlator.moments import Moment

_SINCE_BOOT: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""On Linux, this clock goes on while the machine is suspended."""


def steady_clock(
    wall: Callable[[], int] = time.time_ns, since_boot: Callable[[], int] = lambda: time.clock_gettime_ns(_SINCE_BOOT)
) -> Callable[[], Moment]:
    """A clock that does not move when the wall clock is set.

    Quiet partitions go by it: if it jumped ahead for a moment, by a week say, every run that is open would be `lost`.
    Both arguments are clocks in nanoseconds.
    """
    offset = wall() - since_boot()
    return lambda: Moment((since_boot() + offset) // 1000)
