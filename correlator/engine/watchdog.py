"""The watchdog ends a process that makes no progress, and says why, so that another can take over."""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping

from correlator.engine.progress import Progress, Sign, Standstill

INTERVAL = 2.0
"""Seconds between two looks."""


class Stalled(Exception):
    """Something stood still though it had something to do. The text says what, and for how long."""


class Watchdog:
    """Watches the engine from its event loop, and the event loop from a thread."""

    def __init__(
        self,
        signs: Callable[[], Mapping[str, Sign]],
        *,
        limit: float,
        fail: Callable[[str, BaseException], None],
        interval: float = INTERVAL,
    ) -> None:
        """``limit``: seconds of standstill after which ``fail`` is called, which must end the process."""
        self._signs, self._limit, self._fail, self._interval = signs, limit, fail, interval
        self._progress = Progress(2 * interval)
        self._looks = 0
        self._done = threading.Event()

    @property
    def standstill(self) -> Standstill:
        """What has stood still for longest."""
        return self._progress.standstill

    async def watch(self) -> None:
        """Watch until cancelled."""
        threading.Thread(target=self._watch_the_loop, name="watchdog", daemon=True).start()
        try:
            while True:
                self._looks += 1
                self._progress.look(self._signs(), time.monotonic())
                what, seconds = self.standstill
                if seconds > self._limit:
                    self._fail("there is no progress", Stalled(f"{what} has stood still for {seconds:.0f} s"))
                await asyncio.sleep(self._interval)
        finally:
            self._done.set()

    def _watch_the_loop(self) -> None:
        progress = Progress(2 * self._interval)
        while not self._done.wait(self._interval):
            progress.look({"the event loop": Sign(self._looks)}, time.monotonic())
            what, seconds = progress.standstill
            if seconds > self._limit:
                self._fail("there is no progress", Stalled(f"{what} has stood still for {seconds:.0f} s"))
