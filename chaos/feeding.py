"""The producer of the truth: at a steady rate, each event once (or twice, where the truth says so)."""

import asyncio
import random
import time
from collections.abc import Iterable
from functools import partial

from confluent_kafka import KafkaError, KafkaException, Producer

from chaos.identity import partition_for
from chaos.stage import Stage
from chaos.truth import Said, Truth

TICK = 0.02
UNDER_WAY = 3000
"""Events that wait for the broker at most: nothing more is said then."""
DELIVERY = 180.0
"""Seconds that a delivery may take: longer than any fault. What became of it after that, nobody could say."""
ANSWERING = 8.0
"""Seconds that a broker may take to answer."""


def wall_clock() -> int:
    """Microseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1000


class Feeder:
    """Writes what the truth says, at ``rate`` events a second, while it is not paused."""

    def __init__(self, stage: Stage, truth: Truth, rate: float, seed: int) -> None:
        self._stage, self._truth, self._rate = stage, truth, rate
        self._rng = random.Random(seed)  # noqa: S311 - no secret
        self._under_way = 0
        self._paused = False
        self._failure: KafkaException | None = None
        self._producer = Producer(
            {
                "bootstrap.servers": stage.bootstrap_servers,
                "enable.idempotence": True,
                "message.timeout.ms": int(DELIVERY * 1000),
                "socket.timeout.ms": int(ANSWERING * 1000),
                "message.max.bytes": 1 << 21,
                "log_level": 0,  # an error for each connection and second, on purpose
            }
        )

    async def run(self) -> None:
        """Say what is to be said, until this is cancelled. Raises what a delivery failed of."""
        last, owed = time.monotonic(), 0.0
        while True:
            self._producer.poll(0)
            if self._failure is not None:
                raise self._failure
            await asyncio.sleep(TICK)
            now = time.monotonic()
            owed, last = owed + self._rate * min(now - last, 2 * TICK), now
            if self._paused or self._under_way > UNDER_WAY:
                owed = 0.0
                continue
            self.write(self._truth.say(wall_clock(), int(owed)))
            owed -= int(owed)

    def write(self, several: Iterable[Said]) -> None:
        """Put these under way."""
        for said in several:
            keyed = self._stage.one_hop or said.keyed
            partitions = self._stage.partitions
            to = partition_for(said.key, partitions) if keyed else self._rng.randrange(partitions)
            self._under_way += 1
            self._producer.produce(
                self._stage.events,
                said.value,
                said.key if keyed else None,
                to,
                on_delivery=partial(self._delivered, said),
            )

    def begin_nothing(self) -> None:
        """From now on, only what began goes on."""
        self._rate = 0.0

    async def pause(self) -> None:
        """Say nothing more, and return when all that was said is written."""
        self._paused = True
        await self.written()

    async def written(self) -> None:
        """Return when all that was said is written."""
        while self._under_way:  # noqa: ASYNC110 - `run` polls
            await asyncio.sleep(TICK)

    def resume(self) -> None:
        """Go on."""
        self._paused = False

    def _delivered(self, said: Said, error: KafkaError | None, _: object) -> None:
        self._under_way -= 1
        if error is None:
            self._truth.heard(said, wall_clock())
        else:
            self._failure = KafkaException(error)
