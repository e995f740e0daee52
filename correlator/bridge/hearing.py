"""Receiving the server's events: first those it already has, then the live stream, with sweeps for what that leaves
out.
"""

import asyncio
import logging
from typing import Final

from correlator.bridge.api import Api
from correlator.bridge.backoff import Backoff
from correlator.bridge.failures import Failure
from correlator.bridge.live import Live, listening
from correlator.bridge.outbox import Arrivals, Outbox, Way
from correlator.bridge.sweeping import Sweeper

SWEEP_AFTER_CONNECT: Final = 15.0
"""Seconds from connecting to the stream to the next sweep: by then the server has stored what it had
received before.
"""

INTERVAL_WITHOUT_STREAM: Final = 20.0
"""Seconds between two sweeps while the live stream is down, unless the settings say less."""

_log = logging.getLogger(__name__)


class Hearing:
    """Listens to the live stream and sweeps: rarely while it listens, often while the stream is down."""

    def __init__(self, api: Api, every: float) -> None:
        """``every``: seconds between two sweeps."""
        self._api, self._every = api, every
        self._sweeper: Sweeper | None = None
        self._sweeping = asyncio.Lock()
        self._turned = asyncio.Event()
        self.live = False
        """Whether it is connected to the live stream."""
        self.reconnects = 0
        """How often it has lost the live stream."""

    @property
    def to_read(self) -> int:
        """How many events the current sweep has yet to read; 0 if that is unknown."""
        return 0 if self._sweeper is None else self._sweeper.to_read

    @property
    def hears(self) -> bool:
        """Whether it asks the server at all; it does not while Kafka is away."""
        return self._sweeper is not None

    async def run(self, sweeper: Sweeper, outbox: Outbox) -> None:
        """Put all events into the outbox, until cancelled."""
        self._sweeper, self._turned = sweeper, asyncio.Event()
        try:
            await self._sweep(Way.SWEPT)  # before listening, or a run's start could come long after its end
            _log.info("has read all events that the server had")
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep_sweeping())
                tasks.create_task(self._keep_listening(outbox))
        finally:
            self._sweeper, self.live = None, False

    async def _sweep(self, way: Way = Way.RECONCILED) -> None:
        assert self._sweeper is not None
        async with self._sweeping:
            await self._sweeper.sweep(way)

    async def _keep_sweeping(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._every if self.live else min(self._every, INTERVAL_WITHOUT_STREAM)):
                    await self._turned.wait()
            except TimeoutError:
                await self._sweep()
                continue
            self._turned.clear()
            if self.live:
                await asyncio.sleep(SWEEP_AFTER_CONNECT)
                await self._sweep()

    async def _keep_listening(self, outbox: Outbox) -> None:
        backoff, said = Backoff(), False
        while True:
            try:
                async with listening(self._api) as live:
                    backoff.working()
                    self.live = True
                    self._turned.set()
                    await self._sweep()  # reads what came before the stream began
                    _log.info("listens to the live stream")
                    await self._take_down(live, outbox)
            except Failure as failure:
                said = said and not backoff.failed()
                if not said:
                    seconds = min(self._every, INTERVAL_WITHOUT_STREAM)
                    _log.warning(
                        "%s Until the live stream is back, events come by sweeps, every %.0f s.", failure, seconds
                    )
                    said = True
                if self.live:
                    self.live = False
                    self.reconnects += 1
                    self._turned.set()
                await asyncio.sleep(backoff.next(failure.after))

    async def _take_down(self, live: Live, outbox: Outbox) -> None:
        """Put the stream's events into the outbox. Those for which it has no room are left to a sweep: waiting here
        would make the server look silent when it is Kafka that hangs.
        """
        async for event in live.events():
            if not await outbox.offer(Arrivals([event], Way.LIVE)):
                self._turned.set()
