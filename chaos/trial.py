"""A trial of a stage: fed with a known truth and watched, with a verdict after each thing that is done to it."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Set
from contextlib import asynccontextmanager

from chaos.feeding import Feeder, wall_clock
from chaos.settling import LIMIT, Settling, Stuck
from chaos.stage import Stage
from chaos.table import Row
from chaos.truth import Truth
from chaos.verdict import Verdict
from chaos.watching import Watcher


class Failure(Exception):
    """A worker did not do what it was told to. The text says which and what."""


class Trial:
    """What is fed to one stage, what it publishes, and a row for each kind of thing that was done to it."""

    def __init__(self, stage: Stage, rate: float, seed: int, say: Callable[[str], None], limit: float = LIMIT) -> None:
        """``rate``: events a second. ``say`` is told what happens. ``limit``: seconds from an act's end until the
        stage must have caught up.
        """
        self._limit = limit
        self._stage, self._say = stage, say
        self.truth, self.verdict = Truth(seed), Verdict()
        self.feeder = Feeder(stage, self.truth, rate, seed)
        self._watcher = Watcher(stage, self.verdict)
        self._settling = Settling(stage, self.truth, self.verdict, self.feeder, limit)
        self.rows: defaultdict[str, Row] = defaultdict(Row)

    def __str__(self) -> str:
        return f"{self.truth.said:,} events, {self.records:,} records and dead letters"

    @property
    def records(self) -> int:
        """How many were expected, dead letters among them."""
        return self.verdict.count

    @property
    def is_good(self) -> bool:
        """Whether the guarantee held."""
        return all(row.is_good for row in self.rows.values())

    @asynccontextmanager
    async def going_on(self, *more: Coroutine[None, None, None]) -> AsyncIterator[None]:
        """Feed and watch for the length of the block, which what is not survived ends early: that is in its row.

        ``more``: what is to go on beside that, and never ends by itself.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                background = [tasks.create_task(one) for one in (self.feeder.run(), self._watcher.run(), *more)]
                yield
                for task in background:
                    task.cancel()
        except* (Failure, Stuck):
            pass

    async def one(
        self,
        name: str,
        act: Awaitable[str],
        exits: Callable[[], Iterable[object]] = tuple,
        *,
        at_the_end: bool = False,
    ) -> Row:
        """Do something to the stage, and judge it; what came of it is in the row of that name, which is returned.

        ``act`` returns what it did. ``exits``: workers' ends that nobody asked for, since this was last asked.
        Raises `Failure` and `Stuck`, when that is in the row.
        """
        row = self.rows[name]
        row.times += 1
        self._watcher.silence()
        try:
            did = await act
            caught_up = await self._settling.catch_up()
            silent = self._watcher.silence()
            lost, wrong, twice = await self._settling.judge(at_the_end=at_the_end)
        except (Failure, Stuck) as failure:
            self.fail(row, str(failure))
            raise
        finally:
            for exit_ in exits():
                self._say(f"   {exit_}")
                row.exits += 1
        if caught_up >= self._limit:
            self.fail(row, f"not caught up {self._limit:.0f} s after {did}")
        row.caught_up, row.silent = max(row.caught_up, caught_up), max(row.silent, silent)
        row.lost, row.wrong, row.twice = row.lost + len(lost), row.wrong + len(wrong), row.twice + len(twice)
        for what, several in (("lost", lost), ("wrong", wrong), ("twice", twice)):
            for sentence in several[:3]:
                self._say(f"   {what}: {sentence}")
        self._say(f"   {did}: silent for {silent:.1f} s at most, caught up {caught_up:.1f} s after its end")
        return row

    async def until_whole(self) -> None:
        """Return when all replicas are in sync. Raises `Stuck`."""
        await self._settling.until_whole()

    async def end(self, exits: Callable[[], Iterable[object]] = tuple) -> Row:
        """Let all time run out: the state must then be as empty as the truth's."""
        row = await self.one("the end", self._end(), exits, at_the_end=True)
        remembered = await self._stage.remembered()
        self._compare(row, "remembered, and should not be", remembered - self.truth.open)
        self._compare(row, "forgotten, and should not be", self.truth.open - remembered)
        return row

    def fail(self, row: Row, sentence: str) -> None:
        """Something was wrong."""
        row.failures.append(sentence)
        self._say(f"   FAILED: {sentence}")

    async def _end(self) -> str:
        """Let all lives come to their ends, and all time run out."""
        self.feeder.begin_nothing()
        await self._settling.until_over()
        self.feeder.write(self.truth.closing(self._stage.partitions, wall_clock()))
        return "all time run out"

    def _compare(self, row: Row, what: str, several: Set[bytes]) -> None:
        if several:
            self.fail(row, f"{len(several)} subjects {what}: {sorted(several)[:3]}")
