"""A steady load: flow runs that are submitted and end, at a fixed rate of events."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from correlator.partitioner import partition_for
from support import events

MAX_OPEN: Final = 200
"""The most runs that are open at a time; at low rates, those of ten seconds are."""
WORKERS: Final = 200
TICK: Final = 0.005


class Feeder:
    """Writes the load to a topic, and calls ``ends`` with each run that ends and the time at which its end was
    produced.
    """

    def __init__(
        self, broker: str, topic: str, partitions: int, rate: int, ends: Callable[[bytes, float], None]
    ) -> None:
        """``rate``: events a second."""
        self._producer = AIOKafkaProducer(bootstrap_servers=broker, linger_ms=0, max_batch_size=1 << 20)
        self._topic, self._partitions, self._rate, self._ends = topic, partitions, rate, ends
        self._rng = random.Random(1)
        self._open: list[tuple[str, str, str]] = []
        self._most = min(MAX_OPEN, 5 * rate)
        self.written = 0
        self._ended = False

    def end(self) -> None:
        """Stop writing."""
        self._ended = True

    async def run(self, begin: asyncio.Event) -> None:
        """Write one run that ends at once. When ``begin`` is set, write steadily until `end` is called."""
        await self._producer.start()
        try:
            await self._write([self._submitted(), self._executed()])
            await begin.wait()
            began = time.monotonic()
            while not self._ended:
                due = int((time.monotonic() - began) * self._rate) - self.written
                await self._write([self._next() for _ in range(due)])
                self.written += due
                await asyncio.sleep(TICK)
        finally:
            await self._producer.stop()

    async def _write(self, told: list[tuple[bytes, bytes]]) -> None:
        """Write one batch for each partition: at 10,000 events a second, single sends would be too slow."""
        batches: defaultdict[int, Any] = defaultdict(self._producer.create_batch)
        for key, value in told:
            batches[partition_for(key, self._partitions)].append(key=key, value=value, timestamp=None)
        for number, batch in batches.items():
            await self._producer.send_batch(batch, self._topic, partition=number)

    def _next(self) -> tuple[bytes, bytes]:
        begins = len(self._open) < self._most or self._rng.random() < 0.5
        return self._submitted() if begins else self._executed()

    def _submitted(self) -> tuple[bytes, bytes]:
        run, id_ = self._id(), self._id()
        worker = f"prefect.worker.process.w-{self._rng.randrange(WORKERS)}"
        self._open.append((run, worker, id_))
        return run.encode(), events.event(events.SUBMITTED, id_, time.time_ns() // 1000, run, worker)

    def _executed(self) -> tuple[bytes, bytes]:
        chosen = self._rng.randrange(len(self._open))
        self._open[chosen], self._open[-1] = self._open[-1], self._open[chosen]
        run, worker, start = self._open.pop()
        self._ends(run.encode(), time.monotonic())
        return run.encode(), events.event(events.EXECUTED, self._id(), time.time_ns() // 1000, run, worker, start)

    def _id(self) -> str:
        return events.uuid_of(self._rng)
