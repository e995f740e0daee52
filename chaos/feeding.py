"""The producer of the truth: at a steady rate, each event once (or twice, where the truth says so)."""

import asyncio
import random
import time
from collections.abc import Iterable

from aiokafka import AIOKafkaProducer

from chaos.stage import Stage
from chaos.truth import Said, Truth
from correlator.engine.impatient import make_impatient
from correlator.partitioner import partition_for
from local.deployment import PARTITIONS

TICK = 0.05
UNDER_WAY = 3000
"""Events that wait for the broker at most: nothing more is said then."""
DELIVERY = 180.0
"""Seconds that a delivery may take: longer than any fault. What became of it after that, nobody could say."""


def wall_clock() -> int:
    """Microseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1000


class Feeder:
    """Writes what the truth says, at ``rate`` events a second, while it is not paused."""

    def __init__(self, stage: Stage, truth: Truth, rate: float, seed: int) -> None:
        self._stage, self._truth, self._rate = stage, truth, rate
        self._rng = random.Random(seed)  # noqa: S311 - no secret
        self._under_way: set[asyncio.Task[None]] = set()
        self._paused = False
        self._producer: AIOKafkaProducer | None = None

    async def run(self) -> None:
        """Say what is to be said, until this is cancelled. Raises what a delivery raises."""
        producer = self._producer = AIOKafkaProducer(
            bootstrap_servers=self._stage.bootstrap_servers,
            enable_idempotence=True,
            request_timeout_ms=int(DELIVERY * 1000),
            max_request_size=1 << 21,
            linger_ms=5,
        )
        make_impatient(producer.client)
        await producer.start()
        try:
            last, owed = time.monotonic(), 0.0
            while True:
                await asyncio.sleep(TICK)
                now = time.monotonic()
                owed, last = owed + self._rate * min(now - last, 2 * TICK), now
                if self._paused or len(self._under_way) > UNDER_WAY:
                    owed = 0.0
                    continue
                self.write(self._truth.say(wall_clock(), int(owed)))
                owed -= int(owed)
                self._raise_what_failed()
        finally:
            await producer.stop()

    def write(self, several: Iterable[Said]) -> None:
        """Put these under way."""
        for said in several:
            self._under_way.add(asyncio.create_task(self._deliver(said)))

    def begin_nothing(self) -> None:
        """From now on, only what began goes on."""
        self._rate = 0.0

    async def pause(self) -> None:
        """Say nothing more, and return when all that was said is written."""
        self._paused = True
        await self.written()

    async def written(self) -> None:
        """Return when all that was said is written."""
        while self._under_way:
            await asyncio.wait(self._under_way)
            self._raise_what_failed()

    def resume(self) -> None:
        """Go on."""
        self._paused = False

    async def _deliver(self, said: Said) -> None:
        assert self._producer is not None
        keyed = self._stage.one_hop or said.keyed
        to = partition_for(said.key, PARTITIONS) if keyed else self._rng.randrange(PARTITIONS)
        delivery = await self._producer.send(
            self._stage.events, said.value, key=said.key if keyed else None, partition=to
        )
        await delivery
        self._truth.heard(said, wall_clock())

    def _raise_what_failed(self) -> None:
        done = {task for task in self._under_way if task.done()}
        self._under_way -= done
        for task in done:
            task.result()
