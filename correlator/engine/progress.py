"""Progress: whether everything moves that should. Pure: the caller passes the time."""

from collections.abc import Mapping
from typing import NamedTuple


class Sign(NamedTuple):
    """A sign of progress."""

    value: object
    """A value that changes with every step forward."""
    at_rest: bool = False
    """Whether there is nothing to do, so that the value may stay the same."""


class Standstill(NamedTuple):
    """What has stood still for longest though it had something to do."""

    what: str
    seconds: float


MOVING = Standstill("nothing", 0.0)


class Progress:
    """For how long each thing has stood still.

    Only time between looks counts, at most ``interval`` each: a process that was itself stopped for an hour (SIGSTOP, a
    closed laptop) has not seen others stand still for an hour.
    """

    def __init__(self, interval: float) -> None:
        """``interval``: the longest time between two looks, in seconds, that counts in full."""
        self._interval = interval
        self._looked: float | None = None
        self._still: dict[str, float] = {}
        self._values: dict[str, object] = {}

    def look(self, signs: Mapping[str, Sign], now: float) -> None:
        """Note what moved. ``now``: seconds of a monotonic clock."""
        elapsed = 0.0 if self._looked is None else min(now - self._looked, self._interval)
        self._looked = now
        still: dict[str, float] = {}
        for what, sign in signs.items():
            moved = sign.at_rest or what not in self._still or sign.value != self._values[what]
            still[what] = 0.0 if moved else self._still[what] + elapsed
        self._still, self._values = still, {what: sign.value for what, sign in signs.items()}

    @property
    def standstill(self) -> Standstill:
        """What has stood still for longest, and for how long."""
        return max((Standstill(*it) for it in self._still.items()), key=lambda it: it.seconds, default=MOVING)
