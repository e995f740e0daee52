"""A run: the stage at work, fault after fault thrown at it, and a verdict after each."""

import asyncio
import random
import signal
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence

from chaos.faults import FAULTS, Scene
from chaos.feeding import Feeder, wall_clock
from chaos.schedule import Throw
from chaos.settling import LIMIT, Settling, Stuck
from chaos.stage import Stage
from chaos.table import Row
from chaos.truth import Truth
from chaos.verdict import Verdict
from chaos.watching import Watcher
from chaos.workers import Failure, Workers
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
        self._limit = limit
        self._stage, self._brokers, self._say = stage, brokers, say
        self._truth, self._verdict = Truth(seed), Verdict()
        self._feeder = Feeder(stage, self._truth, rate, seed)
        self._watcher = Watcher(stage, self._verdict)
        self._settling = Settling(stage, self._truth, self._verdict, self._feeder, limit)
        self.rows: defaultdict[str, Row] = defaultdict(Row)

    def __str__(self) -> str:
        return f"{self._truth.said:,} events, {self.records:,} records and dead letters"

    @property
    def records(self) -> int:
        """How many were expected, dead letters among them."""
        return self._verdict.count

    @property
    def is_good(self) -> bool:
        """Whether the guarantee held."""
        return all(row.is_good for row in self.rows.values())

    async def throw_all(self, throws: Iterable[Throw], workers: Workers, length: float) -> None:
        """Throw the faults; what came of them is in ``rows``. Ends early where one is not survived."""
        scene = Scene(workers, self._brokers, self._feeder, self._truth, self._verdict, length)
        try:
            async with asyncio.TaskGroup() as tasks:
                background = [
                    tasks.create_task(self._feeder.run()),
                    tasks.create_task(self._watcher.run()),
                ]
                await self._throw_all(throws, scene)
                for task in background:
                    task.cancel()
        except* (Failure, Stuck):
            pass  # it is in its row

    async def _throw_all(self, throws: Iterable[Throw], scene: Scene) -> None:
        await self._one("the start", scene, self._begin(scene))
        for throw in throws:
            fault = FAULTS[throw.fault]
            self._say(str(throw))
            await asyncio.sleep(throw.after)
            await self._one(fault.name, scene, fault.throw(scene, random.Random(throw.seed)))  # noqa: S311
            if not fault.last:
                await self._settling.until_whole()
        await self._one("the end", scene, self._end(), at_the_end=True)
        await self._compare_states(scene)

    async def _one(self, name: str, scene: Scene, fault: Awaitable[str], *, at_the_end: bool = False) -> None:
        row = self.rows[name]
        row.times += 1
        self._watcher.silence()
        try:
            did = await fault
            caught_up = await self._settling.catch_up()
            silent = self._watcher.silence()
            lost, wrong, twice = await self._settling.judge(at_the_end=at_the_end)
        except (Failure, Stuck) as failure:
            self._fail(row, str(failure))
            raise
        finally:
            for exit_ in scene.workers.exits:
                self._say(f"   {exit_}")
            row.exits += len(scene.workers.exits)
            scene.workers.exits.clear()
        if caught_up >= self._limit:
            self._fail(row, f"not caught up {self._limit:.0f} s after {did}")
        row.caught_up, row.silent = max(row.caught_up, caught_up), max(row.silent, silent)
        row.lost, row.wrong, row.twice = row.lost + len(lost), row.wrong + len(wrong), row.twice + len(twice)
        for what, several in (("lost", lost), ("wrong", wrong), ("twice", twice)):
            for sentence in several[:3]:
                self._say(f"   {what}: {sentence}")
        self._say(f"   {did}: silent for {silent:.1f} s at most, caught up {caught_up:.1f} s after its end")

    async def _begin(self, scene: Scene) -> str:
        await asyncio.gather(*(worker.ready() for worker in scene.workers.all))
        await asyncio.sleep(WARMING_UP)
        return f"{len(scene.workers.all)} workers"

    async def _end(self) -> str:
        """Let all lives come to their ends, and all time run out."""
        self._feeder.begin_nothing()
        await self._settling.until_over()
        self._feeder.write(self._truth.closing(self._stage.partitions, wall_clock()))
        return "all time run out"

    async def _compare_states(self, scene: Scene) -> None:
        row = self.rows["the end"]
        remembered = await self._stage.remembered()
        for what, several in (
            ("remembered, and should not be", remembered - self._truth.open),
            ("forgotten, and should not be", self._truth.open - remembered),
        ):
            if several:
                self._fail(row, f"{len(several)} subjects {what}: {sorted(several)[:3]}")
        for worker in scene.workers.all:
            try:
                await worker.stop(signal.SIGTERM)
            except Failure as failure:
                self._fail(row, str(failure))

    def _fail(self, row: Row, sentence: str) -> None:
        row.failures.append(sentence)
        self._say(f"   FAILED: {sentence}")
