"""Progress: whether everything that should move does. Pure; whoever looks brings the time."""

from collections.abc import Mapping
from typing import NamedTuple


class Sign(NamedTuple):
    """Something to see progress by."""

    value: object
    """Changes with every step forward."""
    at_rest: bool = False
    """Whether there is nothing to do, so that it need not change."""


class Standstill(NamedTuple):
    """What has not moved for longest, though there is something to do."""

    what: str
    seconds: float


MOVING = Standstill("nothing", 0.0)


class Progress:
    """For how long each thing has stood still.

    Only time in which somebody looked counts, at most ``interval`` a look: a process that was itself stopped for
    an hour (SIGSTOP, a laptop's lid) has not seen others stand still for an hour.
    """

    def __init__(self, interval: float) -> None:
        """``interval``: seconds between looks, at most, for them to count in full."""
        self._interval = interval
        self._looked: float | None = None
        self._still: dict[str, float] = {}
        self._values: dict[str, object] = {}

    def look(self, signs: Mapping[str, Sign], now: float) -> None:
        """See what moved. ``now``: seconds of any clock that never goes back."""
        elapsed = 0.0 if self._looked is None else min(now - self._looked, self._interval)
        self._looked = now
        still: dict[str, float] = {}
        for what, sign in signs.items():
            moved = sign.at_rest or what not in self._still or sign.value != self._values[what]
            still[what] = 0.0 if moved else self._still[what] + elapsed
        self._still, self._values = still, {what: sign.value for what, sign in signs.items()}

    @property
    def standstill(self) -> Standstill:
        """What stands still for longest, and for how long."""
        return max((Standstill(*it) for it in self._still.items()), key=lambda it: it.seconds, default=MOVING)
