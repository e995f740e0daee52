"""The questions that a holding asks Kafka, and the answers."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from correlator.engine.slices import TopicPartition


class Extent(NamedTuple):
    """The offsets that a partition holds: from ``beginning`` up to, and without, ``end``, the high watermark."""

    beginning: int
    end: int


class Fetched(NamedTuple):
    """What the last fetch of a partition said besides the records; each None before the first fetch."""

    last_stable_offset: int | None = None
    """Where committed records end: the first offset of the oldest open transaction, or the high watermark."""
    high_watermark: int | None = None
    """Where all replicated records end, including those of open transactions."""
    at: int | None = None
    """When it was fetched, in milliseconds since 1970."""


class Kafka(Protocol):
    """Answers the questions; Faust's consumer is one. Its coroutines may raise aiokafka's errors."""

    async def extents(self, *tps: TopicPartition) -> Mapping[TopicPartition, Extent]:
        """Which offsets partitions hold."""

    async def read_from(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Seek partitions to offsets."""

    def fetched(self, tp: TopicPartition) -> Fetched:
        """What the last fetch of a partition said besides the records."""
