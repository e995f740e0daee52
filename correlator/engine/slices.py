"""What the engine passes to a stage, and what it gets back."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

Headers = Sequence[tuple[str, bytes | None]]
Changes = Mapping[bytes, bytes | None]


class TopicPartition(NamedTuple):
    """A partition of a topic; equal to aiokafka's and Faust's tuples of the same."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}-{self.partition}"


class Received(Protocol):
    """A record as aiokafka's consumer returns it."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int:
        """Milliseconds since 1970."""

    @property
    def timestamp_type(self) -> int:
        """Whose clock the timestamp is from: 0 the producer's, 1 the broker's."""

    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Headers: ...


class Slice(NamedTuple):
    """What one poll read of a partition: its records, and the offsets that it covers.

    Reading began at ``start`` and will continue at ``end``, so slices of a partition join without a gap, even where
    control records, aborted records or compaction leave holes between the offsets of the records.
    """

    topic: str
    partition: int
    start: int
    end: int
    records: Sequence[Received]


class Message(NamedTuple):
    """A record to publish."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    """In a list: aiokafka's batches insist on one."""


class Step(NamedTuple):
    """What a stage makes of a slice, or of a part of it: messages, changes of the stage's table (None deletes), and the
    input's offset. It is committed as a whole, or not at all.
    """

    messages: Sequence[Message]
    changes: Changes
    end: int
    """The offset up to which the input is processed: the next to be read after a restart."""
    committed: Callable[[], object] | None = None
    """Called once the step is committed."""


class Table(Protocol):
    """A stage's state by partition and key, as of the last committed step of each partition."""

    @property
    def changelog_topic_name(self) -> str: ...

    def entries(self, partition: int) -> Iterable[tuple[bytes, bytes]]:
        """All entries of a partition."""

    def get_committed(self, partition: int, key: bytes) -> bytes | None:
        """The entry of a key; None if there is none."""

    def stamp(self, partition: int) -> object:
        """A stamp of the partition: as long as it stays equal, no other process has changed the partition. None if
        nothing is stored, or if another process holds the partition.
        """


class Stage(Protocol):
    """A function from slices to steps, with state for the partitions that this process holds."""

    def assigned(self, partition: int, offset: int) -> Iterator[Step]:
        """Prepare a partition that was taken over; its table is recovered, and its input committed up to ``offset``.
        Its first slice comes after all the steps yielded here. These end at ``offset``; empty ones let others run.
        """

    def revoked(self, partition: int) -> None:
        """Give up a partition."""

    def __call__(self, slice_: Slice) -> Iterator[Step]:
        """Process a slice. The next step is requested only when the one before it is committed."""

    def idle(self, partition: int, end: int, *, caught_up: bool) -> Iterator[Step]:
        """Do what is due by time. Called every few seconds while no slice waits. The steps end at ``end``, the offset
        up to which the partition is processed.

                ``caught_up``: whether all committed records of the partition have been processed.
        """
