"""A sweep reads what has occurred since the last one, and what has come late into the minutes swept before."""

import logging
import time
from collections import Counter
from collections.abc import Sequence
from typing import Final

from correlator.bridge.api import PAGE_SIZE, Api
from correlator.bridge.outbox import Arrivals, Outbox, Way
from correlator.bridge.position import Position, Swept, begins, minute_of, totals
from correlator.bridge.reading import read
from correlator.bridge.times import Interval
from correlator.moments import MINUTE, SECOND, Moment

STORE_DELAY: Final = 30 * SECOND
"""How long the server may take to store what it has received: 5 s by default
(`PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL`). An event that takes longer is found like any late one.
"""

LONG_SWEEP: Final = 15 * MINUTE
"""A sweep over more time than this logs its progress."""
PROGRESS_INTERVAL: Final = 5.0
"""Seconds between two such lines."""

_log = logging.getLogger(__name__)


class Sweeper:
    """Sweeps, and puts what it reads into the outbox."""

    def __init__(self, api: Api, position: Position, outbox: Outbox) -> None:
        self._api, self._position, self._outbox = api, position, outbox
        self.to_read = 0
        """How many events the current sweep has yet to read."""

    async def sweep(self, way: Way) -> None:
        """Sweep once, and return when everything found is published. ``way``: the way its new events count as having
        come. Raises `Failure`.
        """
        if minutes := self._position.minutes():
            await self._compare(minutes)
        await self._go_on(way)
        await self._outbox.until_published()

    async def _go_on(self, way: Way) -> None:
        """Read what occurred since the last sweep."""
        since, found, progress = self._position.read_to, Counter[int](), _Progress()
        if self._api.now - since > LONG_SWEEP:
            self.to_read = progress.total = await self._api.estimate(Interval(since))
        settled = since
        async for events, read_to in read(self._api, Interval(since)):
            self.to_read = max(0, self.to_read - len(events))
            found += totals(events)
            settled = max(settled, begins(minute_of(min(read_to, self._api.now - STORE_DELAY))))
            whole = {minute: found.pop(minute) for minute in list(found) if minute < minute_of(settled)}
            await self._outbox.put(Arrivals(events, way))
            if whole:
                await self._outbox.put(Swept(settled, whole))
            progress.tell(self.to_read, events[-1].written if events else None)
        self.to_read = 0
        await self._outbox.put(Swept(settled, {}))

    async def _compare(self, minutes: Sequence[tuple[Moment, Moment]]) -> None:
        """Read again the minutes in which the server now has more events, or fewer, than before."""
        interval = Interval(minutes[0][0], minutes[-1][1])
        total = await self._api.count(interval)
        if total == self._position.total(*interval):
            return
        if len(minutes) == 1 or total <= PAGE_SIZE:
            await self._read_again(interval, minutes)
            return
        half = len(minutes) // 2
        await self._compare(minutes[:half])
        await self._compare(minutes[half:])

    async def _read_again(self, interval: Interval, minutes: Sequence[tuple[Moment, Moment]]) -> None:
        found = Counter[int]()
        async for events, _ in read(self._api, interval):
            found += totals(events)
            await self._outbox.put(Arrivals(events, Way.RECONCILED))
        numbers = [minute_of(since) for since, _ in minutes]
        await self._outbox.put(Swept(interval.until, {minute: found[minute] for minute in numbers}))


class _Progress:
    """Logs the progress of a long sweep now and then."""

    def __init__(self) -> None:
        self.total = 0
        self._began = self._said = time.monotonic()

    def tell(self, left: int, at: str | None) -> None:
        now = time.monotonic()
        if not self.total or now - self._said < PROGRESS_INTERVAL:
            return
        self._said, done = now, self.total - left
        rate = done / (now - self._began)
        _log.info(
            "read %s of %s events, up to %s; %s a second, about %.0f s to go",
            f"{done:,}",
            f"{self.total:,}",
            at or "now",
            f"{rate:,.0f}",
            left / max(rate, 1),
        )
