"""Hearing what the server tells: what there is, then the live stream, with sweeps for what it leaves out."""

import asyncio
import logging
from typing import Final

from correlator.bridge.api import Api
from correlator.bridge.failures import Failure
from correlator.bridge.live import listening
from correlator.bridge.outbox import Heard, Outbox, Way
from correlator.bridge.patience import Patience
from correlator.bridge.sweeping import Sweeper

SOON: Final = (1.0, 15.0)
"""Seconds from when we listen until a sweep finds what came between the last one and then, and until another finds what
of it the server had not stored yet."""

ALONE: Final = 20.0
"""Seconds between two sweeps while they are all there is, or less where the settings say so."""

_log = logging.getLogger(__name__)


class Hearing:
    """What hears, and how it is at the moment."""

    def __init__(self, api: Api, every: float) -> None:
        """``every``: seconds between two sweeps."""
        self._api, self._every = api, every
        self._sweeper: Sweeper | None = None
        self.live = False
        """Whether it listens."""
        self.reconnects = 0
        """How often it had to listen again."""

    @property
    def to_read(self) -> int:
        """How many events the sweep at hand must still read."""
        return 0 if self._sweeper is None else self._sweeper.to_read

    async def run(self, sweeper: Sweeper, outbox: Outbox) -> None:
        """Put all that is heard into the outbox, until cancelled."""
        self._sweeper, turned = sweeper, asyncio.Event()
        try:
            await sweeper.sweep(Way.SWEPT)  # first, as a run's start must not come long after its end
            _log.info("has read what there was, and listens")
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._sweep_on(sweeper, turned))
                tasks.create_task(self._listen_on(outbox, turned))
        finally:
            self._sweeper, self.live = None, False

    async def _sweep_on(self, sweeper: Sweeper, turned: asyncio.Event) -> None:
        """Sweep from time to time. ``turned``: it has begun to listen, or listens no more."""
        while True:
            try:
                async with asyncio.timeout(self._every if self.live else min(self._every, ALONE)):
                    await turned.wait()
            except TimeoutError:
                await sweeper.sweep(Way.RECONCILED)
                continue
            turned.clear()
            for seconds in SOON if self.live else ():
                await asyncio.sleep(seconds)
                await sweeper.sweep(Way.RECONCILED)

    async def _listen_on(self, outbox: Outbox, turned: asyncio.Event) -> None:
        patience, said = Patience(), False
        while True:
            try:
                async with listening(self._api) as live:
                    self.live, said = True, False
                    patience.over()
                    turned.set()
                    async for event in live.events():
                        await outbox.put(Heard([event], Way.LIVE))
            except Failure as failure:
                self.reconnects += self.live
                self.live = False
                turned.set()
                if not said:
                    _log.warning("%s Without the live stream, events come by sweeps, every %.0f s.", failure, ALONE)
                    said = True
                await asyncio.sleep(patience.next(failure.after))
