"""How long to wait before something is tried again."""

import time
from collections.abc import Callable
from random import random
from typing import Final

FIRST_DELAY: Final = 0.5
"""Seconds before the first repetition, at most."""
MAX_DELAY: Final = 30.0
"""Seconds before any other."""


class Backoff:
    """Waits longer each time, and not as long as others who began to wait at the same moment."""

    def __init__(self, chance: Callable[[], float] = random) -> None:
        """``chance``: a number from 0 to 1, different each time."""
        self._chance, self._tries = chance, 0
        self._began = 0.0

    def next(self, at_least: float = 0.0) -> float:
        """Seconds to wait now, and no less than the other side asks for."""
        most = min(MAX_DELAY, FIRST_DELAY * (1 << self._tries))
        self._tries = min(self._tries + 1, 16)
        return at_least + most * (0.5 + self._chance() / 2)

    def working(self) -> None:
        """What is tried begins to work."""
        self._began = time.monotonic()

    def failed(self) -> bool:
        """It works no more; returns whether it did for long. If so, the next wait is short again: one that works for a
        moment only is not to be tried ever faster.
        """
        lasted = self._began > 0 and time.monotonic() - self._began > MAX_DELAY
        self._began = 0.0
        if lasted:
            self._tries = 0
        return lasted
