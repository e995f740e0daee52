"""For how long nobody worked on a partition: its committed offset stood still, though events came.

That is what a reader waits for, whatever the group says: a static member that is gone holds its partitions until its
session ends, and one that has them may still be recovering.
"""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, NamedTuple

from confluent_kafka import Consumer, KafkaException, TopicPartition

from chaos.stage import Stage

LOOK: Final = 0.2
"""Seconds between looks."""
ANSWERING: Final = 10.0
"""Seconds that the broker may take to tell the offsets."""


class Longest(NamedTuple):
    """How long a partition stood still, in seconds."""

    seconds: float
    partition: str


NONE: Final = Longest(0.0, "none")


class Standing:
    """Is told the committed offsets, and when that was, in seconds of a clock of its caller's."""

    def __init__(self) -> None:
        self._offsets: Mapping[str, int] = {}
        self._since: dict[str, float] = {}
        self._longest = NONE

    def see(self, now: float, offsets: Mapping[str, int]) -> None:
        """The offsets as they are now."""
        for partition, offset in offsets.items():
            if offset != self._offsets.get(partition):
                self._note(now, partition)
                self._since[partition] = now
        self._offsets = dict(offsets)

    def begin(self, now: float) -> None:
        """From now on it counts."""
        self._since = dict.fromkeys(self._since, now)
        self._longest = NONE

    def longest(self, now: float) -> Longest:
        """Since the beginning; what stands still counts until now."""
        for partition in self._since:
            self._note(now, partition)
        return self._longest

    def moved_since(self, moment: float) -> bool:
        """Whether every partition has."""
        return bool(self._since) and all(since > moment for since in self._since.values())

    def _note(self, now: float, partition: str) -> None:
        seconds = now - self._since.get(partition, now)
        self._longest = max(self._longest, Longest(seconds, partition))


async def look(stage: Stage, standing: Standing) -> None:
    """Tell it the offsets of all that the stage reads, until this is cancelled."""
    # It commits nothing, and joins no group: the id is for the question.
    consumer = Consumer({"bootstrap.servers": stage.bootstrap_servers, "group.id": stage.app_id, "log_level": 0})
    partitions = [TopicPartition(topic, number) for topic in stage.inputs for number in range(stage.partitions)]
    while True:
        with suppress(KafkaException):  # the group is being made: nobody has committed anything
            committed = await asyncio.to_thread(consumer.committed, partitions, ANSWERING)
            offsets = {f"{one.topic.removeprefix(stage.app_id)[1:]}-{one.partition}": one.offset for one in committed}
            standing.see(time.monotonic(), offsets)
        await asyncio.sleep(LOOK)
