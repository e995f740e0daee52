"""How long to wait before trying again."""

import time
from collections.abc import Callable
from random import random
from typing import Final

FIRST_DELAY: Final = 0.5
"""The longest wait before the first repetition, in seconds."""
MAX_DELAY: Final = 30.0
"""The longest wait before any later one, in seconds."""


class Backoff:
    """Exponential backoff with jitter: each wait is longer, and differs from that of others who began at
    the same time.
    """

    def __init__(self, chance: Callable[[], float] = random) -> None:
        """``chance``: a number from 0 to 1, different each time."""
        self._chance, self._tries = chance, 0
        self._began = 0.0

    def next(self, at_least: float = 0.0) -> float:
        """Seconds to wait now; never less than ``at_least``, which the other side asks for."""
        most = min(MAX_DELAY, FIRST_DELAY * (1 << self._tries))
        self._tries = min(self._tries + 1, 16)
        return at_least + most * (0.5 + self._chance() / 2)

    def working(self) -> None:
        """Note that the attempt has begun to work."""
        self._began = time.monotonic()

    def failed(self) -> bool:
        """Note that the attempt works no longer, and return whether it had worked for long. Only then is the next wait
        short again: what works for no more than a moment must not be tried faster and faster.
        """
        lasted = self._began > 0 and time.monotonic() - self._began > MAX_DELAY
        self._began = 0.0
        if lasted:
            self._tries = 0
        return lasted
