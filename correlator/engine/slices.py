"""What the engine hands to a stage, and what it takes back."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

Headers = Sequence[tuple[str, bytes | None]]
Changes = Mapping[bytes, bytes | None]


class TopicPartition(NamedTuple):
    """A partition of a topic; equal to aiokafka's and Faust's tuples of the same."""

    topic: str
    partition: int


class Received(Protocol):
    """A record as aiokafka's consumer returns it."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int:
        """Milliseconds since 1970."""

    @property
    def timestamp_type(self) -> int:
        """Whose time that is: 0 the producer's, 1 the broker's."""

    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Headers: ...


class Slice(NamedTuple):
    """What was read of one partition: its records, and how far the reading went.

    ``start`` is where the reading went on from and ``end`` where it will go on, so that slices of a partition join
    without a gap even where control records, aborted records or compaction leave holes between the records' offsets.
    """

    topic: str
    partition: int
    start: int
    end: int
    records: Sequence[Received]


class Fetched(NamedTuple):
    """What the last fetch of a partition told beside the records; nothing before the first."""

    last_stable_offset: int | None = None
    """Where committed records end: the first offset of the oldest open transaction, or the high watermark."""
    high_watermark: int | None = None
    """Where all records end, those of open transactions included."""
    at: int | None = None
    """When it was, in milliseconds since 1970."""


class Message(NamedTuple):
    """A record to publish."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    """In a list: aiokafka's batches insist on one."""


class Transaction(NamedTuple):
    """What becomes durable together: messages, changes of the stage's table (None deletes), and the input's offset."""

    messages: Sequence[Message]
    changes: Changes
    end: int
    """The offset up to which the input is done: the next one to read after a restart."""
    committed: Callable[[], object] | None = None
    """Called once all of that is durable."""


class Stage(Protocol):
    """A function from slices to transactions, with what it remembers of the partitions that this process holds."""

    def assigned(self, partition: int, offset: int) -> Iterator[Transaction]:
        """The partition is ours, its table recovered, and its input committed up to ``offset``. Its first slice comes
        after what this yields, which goes no further.
        """

    def revoked(self, partition: int) -> None:
        """The partition is no longer ours."""

    def __call__(self, slice_: Slice) -> Iterator[Transaction]:
        """Decide a slice. The engine asks for a transaction only when the one before it is committed."""

    def idle(self, partition: int, end: int, *, caught_up: bool) -> Iterator[Transaction]:
        """Called every few seconds while no slice waits. What it yields goes no further than ``end``.

        ``caught_up``: all that the partition holds has been read and decided.
        """
