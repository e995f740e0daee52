"""What the engine hands to a stage, and what it takes back."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from aiokafka import ConsumerRecord

Headers = Sequence[tuple[str, bytes]]
Changes = Mapping[bytes, bytes | None]


class Slice(NamedTuple):
    """What one poll read of one partition: its records, and how far the reading went.

    ``start`` is where the reading went on from and ``end`` where it will go on, so that slices of a partition join without
    a gap even where control records, aborted records or compaction leave holes between the records' offsets.
    """

    topic: str
    partition: int
    start: int
    end: int
    records: Sequence[ConsumerRecord[bytes | None, bytes | None]]


class Message(NamedTuple):
    """A record to publish."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class Transaction(NamedTuple):
    """What becomes durable together: messages, changes of the partition's table (None deletes), and the input's offset."""

    messages: Sequence[Message]
    changes: Changes
    end: int
    """The offset up to which the input is done: the next one to read after a restart."""


class Stage(Protocol):
    """A function from slices to transactions, with what it remembers of the partitions that this process holds."""

    def assigned(self, partition: int) -> None:
        """The partition is ours and its table recovered; its first slice comes after this."""

    def revoked(self, partition: int) -> None:
        """The partition is no longer ours: forget it."""

    def __call__(self, slice_: Slice) -> Iterator[Transaction]:
        """Decide a slice. Each transaction is committed before the next is asked for; it must not be started early."""
