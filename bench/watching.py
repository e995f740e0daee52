"""A reader of a contender's committed records, like any consumer that must not read anything twice."""

from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaConsumer, TopicPartition

from support.deployment import PARTITIONS


class Watched:
    """The records published to a topic so far."""

    def __init__(self, broker: str, topic: str) -> None:
        self.records = 0
        self.keys: set[bytes] = set()
        self._partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
        self._consumer = AIOKafkaConsumer(bootstrap_servers=broker, isolation_level="read_committed")

    async def __aenter__(self) -> Self:
        await self._consumer.start()
        self._consumer.assign(self._partitions)
        await self._consumer.seek_to_beginning(*self._partitions)
        await self.visible()  # finds the topic before any time is measured
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        await self._consumer.stop()

    async def visible(self) -> int:
        """How many records such a reader could read, or slightly more, as transaction markers count, too. Reads
        nothing.
        """
        return sum((await self._ends()).values())

    async def read(self) -> None:
        """Read and count the records that are there."""
        ends = await self._ends()
        while any([await self._consumer.position(partition) < end for partition, end in ends.items()]):
            for batch in (await self._consumer.getmany(timeout_ms=200, max_records=20_000)).values():
                self.records += len(batch)
                self.keys.update(one.key or b"" for one in batch)

    async def _ends(self) -> dict[TopicPartition, int]:
        ends: dict[TopicPartition, int] = await self._consumer.end_offsets(self._partitions)
        return ends
