"""A tour: the deployment at work, act after act, and after each what it came to."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from chaos.kubernetes.acts import ACTS
from chaos.kubernetes.cluster import PATIENCE, Cluster
from chaos.kubernetes.pods import readiness, restarts
from chaos.kubernetes.standing import LOOK, NONE, Longest, Standing, look
from chaos.schedule import Throw
from chaos.stage import Stage
from chaos.table import Row
from chaos.trial import Failure, Trial

WARMING_UP: Final = 3.0
"""Seconds that are fed before an act: the judge has let the stage run dry."""


@dataclass
class Seen:
    """What was seen of an act, over all its times, beside chaos' verdict."""

    away: Longest = NONE
    """The partition that nobody worked on for the longest."""
    ready: float | None = None
    """Seconds from a container's start to its pod's readiness, at most; None: none started."""
    restarts: int = 0
    """Containers started again in a pod that stayed."""
    records: int = 0
    """That were judged."""


class Tour:
    """One deployment, from its first pod to its last."""

    def __init__(self, stage: Stage, cluster: Cluster, rate: float, seed: int, say: Callable[[str], None]) -> None:
        """``rate``: events a second. ``say`` is told what happens."""
        self._stage, self._cluster, self._say = stage, cluster, say
        self._standing = Standing()
        self.trial: Final = Trial(stage, rate, seed, say)
        self.seen: Final[dict[str, Seen]] = {}

    async def play(self, throws: Iterable[Throw], logs: Path) -> None:
        """Play them; what came of them is in ``trial.rows`` and ``seen``. Ends early where one is not survived, and
        keeps the workers' last words in ``logs`` then.
        """
        await self._stage.create_topics()
        await self._cluster.open()
        try:
            async with self.trial.going_on(look(self._stage, self._standing)):
                await self._one("the start", self._start())
                for throw in throws:
                    for act in ACTS[throw.fault]:
                        self._say(f"{throw.number}. {act.name}")
                        await asyncio.sleep(WARMING_UP)
                        await self._one(act.name, act.play(self._cluster, random.Random(throw.seed)))  # noqa: S311
                await self.trial.end()
        finally:
            if not self.trial.is_good:
                with suppress(Failure):
                    await self._cluster.keep_logs(logs)

    async def _start(self) -> str:
        await self._cluster.apply()
        return f"{self._cluster.wanted.workers} workers"

    async def _one(self, name: str, act: Awaitable[str]) -> Row:
        seen, records = self.seen.setdefault(name, Seen()), self.trial.records
        row = await self.trial.one(name, self._watched(seen, act))
        seen.records += self.trial.records - records
        return row

    async def _watched(self, seen: Seen, act: Awaitable[str]) -> str:
        """Play an act until every partition is worked on again, and note what was seen of it."""
        before, began = await self._cluster.pods(), datetime.now(UTC).replace(microsecond=0)
        self._standing.begin(time.monotonic())
        did = await act
        await self._cluster.ready()
        await self._all_move()
        after = await self._cluster.pods()
        away, ready = self._standing.longest(time.monotonic()), readiness(after, began)
        seen.away = max(seen.away, away)
        seen.ready = ready if seen.ready is None else max(seen.ready, ready or 0.0)
        seen.restarts += restarts(before, after)
        self._say(f"   {away.partition} was away for {away.seconds:.1f} s; pods were ready after {ready} s")
        return did

    async def _all_move(self) -> None:
        since = time.monotonic()
        while not self._standing.moved_since(since):
            if time.monotonic() > since + PATIENCE:
                raise Failure(f"nobody works on {self._standing.longest(time.monotonic()).partition}")
            await asyncio.sleep(LOOK)
