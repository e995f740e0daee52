"""A run: the stage at work, fault after fault thrown at it, and a verdict after each."""

import asyncio
import random
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence

from chaos.faults import FAULTS, Scene
from chaos.schedule import Throw
from chaos.settling import LIMIT
from chaos.stage import Stage
from chaos.table import Row
from chaos.trial import Failure, Trial
from chaos.workers import Exit, Workers
from local import Broker

WARMING_UP = 3.0
"""Seconds that are fed before the first fault."""


class Run:
    """One stage, from its first worker to its last."""

    def __init__(
        self,
        stage: Stage,
        brokers: Sequence[Broker],
        rate: float,
        seed: int,
        say: Callable[[str], None],
        limit: float = LIMIT,
    ) -> None:
        """``rate``: events a second. ``say`` is told what happens. ``limit``: seconds from a fault's end until the
        stage must have caught up.
        """
        self._brokers, self._say = brokers, say
        self._trial = Trial(stage, rate, seed, say, limit)

    def __str__(self) -> str:
        return f"{self._trial}"

    @property
    def rows(self) -> Mapping[str, Row]:
        """What came of each fault."""
        return self._trial.rows

    @property
    def records(self) -> int:
        """How many were expected, dead letters among them."""
        return self._trial.records

    @property
    def is_good(self) -> bool:
        """Whether the guarantee held."""
        return self._trial.is_good

    async def throw_all(self, throws: Iterable[Throw], workers: Workers, length: float) -> None:
        """Throw the faults; what came of them is in ``rows``. Ends early where one is not survived."""
        trial = self._trial
        scene = Scene(workers, self._brokers, trial.feeder, trial.truth, trial.verdict, length)

        def exits() -> list[Exit]:
            taken, workers.exits[:] = workers.exits[:], []
            return taken

        async with trial.going_on():
            await trial.one("the start", self._begin(workers), exits)
            for throw in throws:
                fault = FAULTS[throw.fault]
                self._say(str(throw))
                await asyncio.sleep(throw.after)
                await trial.one(fault.name, fault.throw(scene, random.Random(throw.seed)), exits)  # noqa: S311
                if not fault.last:
                    await trial.until_whole()
            await self._stop(workers, await trial.end(exits))

    async def _begin(self, workers: Workers) -> str:
        await asyncio.gather(*(worker.ready() for worker in workers.all))
        await asyncio.sleep(WARMING_UP)
        return f"{len(workers.all)} workers"

    async def _stop(self, workers: Workers, row: Row) -> None:
        for worker in workers.all:
            try:
                await worker.stop(signal.SIGTERM)
            except Failure as failure:
                self._trial.fail(row, str(failure))
