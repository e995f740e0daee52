"""Waiting until the stage has caught up, and the verdict at that moment."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from chaos.feeding import Feeder
from chaos.stage import Stage
from chaos.truth import Truth
from chaos.verdict import Judgement, Verdict

LIMIT = 180.0
"""Seconds from a fault's end until the stage must have caught up. More is stuck."""
SETTLED = 75.0
"""Seconds for which all input is committed before what is still missing counts as lost. Intake keeps its clocks in
memory: where it is killed between forwarding the last event and its tick, and nothing more is fed, the next one goes by
wall time, after a quiet minute (`core.partition_clock.QUIET_AFTER`), and only then is due what waits for it.
"""
FEEDING_ON = 1.0
"""Seconds that are fed after a fault's end before it is asked what is due by then: else one that is over at once, as a
kill is, would have nothing to catch up with."""
LOOK = 0.2


class Stuck(Exception):
    """The stage did not catch up. The text says with what."""


class Settling:
    """Between the faults: so what is lost, wrong or twice is the last one's doing."""

    def __init__(self, stage: Stage, truth: Truth, verdict: Verdict, feeder: Feeder, limit: float) -> None:
        self._limit = limit
        self._stage, self._truth, self._verdict, self._feeder = stage, truth, verdict, feeder

    async def catch_up(self) -> float:
        """Return how many seconds it took until all that is due `FEEDING_ON` from now was published, while more is
        fed; the limit where it was not.
        """
        began = time.monotonic()
        await asyncio.sleep(FEEDING_ON)
        self._verdict.expect(self._truth.decided())
        due = self._verdict.pending()
        while due := due & self._verdict.pending():
            if time.monotonic() > began + self._limit:
                return self._limit  # `judge` will say what came of it
            await asyncio.sleep(LOOK)
        return time.monotonic() - began

    async def judge(self, *, at_the_end: bool = False) -> Judgement:
        """Let the stage come to the end of its input, and judge what it published. Raises `Stuck`."""
        try:
            async with asyncio.timeout(self._limit):
                await self._feeder.pause()
                self._verdict.expect(self._truth.decided(at_the_end=at_the_end))
                await self._through()
        except TimeoutError:
            lost, wrong, _ = self._verdict.judge()
            missing = f"{len(lost)} records missing, {len(wrong)} wrong: {', '.join((lost + wrong)[:3])}"
            raise Stuck(f"not through with its input {self._limit:.0f} s later, {missing}") from None
        judgement = self._verdict.judge(at_the_end=at_the_end)
        self._feeder.resume()
        return judgement

    async def until_whole(self) -> None:
        """Return when all replicas are in sync: else the next fault would be one of several brokers. Raises `Stuck`."""
        await self._until(self._stage.is_whole, "replicas of brokers are not in sync again")

    async def until_over(self) -> None:
        """Return when every life that began has come to its end. Raises `Stuck`."""

        async def is_over() -> bool:
            await self._feeder.written()
            return not self._truth.has_more

        await self._until(is_over, "lives have not come to their ends, so events are not written")

    async def _through(self) -> None:
        """Return when all input is committed, and nothing is missing, or has been for `SETTLED` seconds."""
        since = None
        while True:
            if await self._stage.is_through():
                since = since or time.monotonic()
                if not self._verdict.pending() or time.monotonic() > since + SETTLED:
                    return
            else:
                since = None
            await asyncio.sleep(LOOK)

    async def _until(self, holds: Callable[[], Awaitable[bool]], else_: str) -> None:
        try:
            async with asyncio.timeout(self._limit):
                while not await holds():  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(LOOK)
        except TimeoutError:
            raise Stuck(f"{else_} after {self._limit:.0f} s") from None
