"""The wall clock of a process: as it was at the start, and gone on evenly since."""

import time
from collections.abc import Callable
from typing import Final

from correlator.moments import Moment

_SINCE_BOOT: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""On Linux it goes on while a machine is suspended."""


def steady_clock(
    wall: Callable[[], int] = time.time_ns, since_boot: Callable[[], int] = lambda: time.clock_gettime_ns(_SINCE_BOOT)
) -> Callable[[], Moment]:
    """A clock that a step of the wall clock does not move.

    Quiet partitions go by it: were it to jump a day ahead for a moment, all that is open for long would be `lost`. Both
    arguments are clocks in nanoseconds.
    """
    offset = wall() - since_boot()
    return lambda: Moment((since_boot() + offset) // 1000)
