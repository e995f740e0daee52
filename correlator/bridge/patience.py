"""How long to wait before something is tried again."""

from collections.abc import Callable
from random import random
from typing import Final

SOONEST: Final = 0.5
"""Seconds before the first repetition, at most."""
LATEST: Final = 30.0
"""Seconds before any other."""


class Patience:
    """Waits longer from time to time, and never as long as others do who began to wait at the same moment."""

    def __init__(self, chance: Callable[[], float] = random) -> None:
        """``chance``: a number from 0 to 1, different each time."""
        self._chance, self._tries = chance, 0

    def next(self, at_least: float = 0.0) -> float:
        """Seconds to wait now, and no less than the other side asks for."""
        most = min(LATEST, SOONEST * (1 << self._tries))
        self._tries = min(self._tries + 1, 16)
        return at_least + most * (0.5 + self._chance() / 2)

    def over(self) -> None:
        """It has been answered: begin anew."""
        self._tries = 0
