"""The stores in which this process keeps a table's entries: bytes by key, in a part for each partition."""

from collections.abc import Collection, Iterable, Iterator
from typing import Protocol


class Store(Protocol):
    """The entries of the partitions held, each part with the changelog offset that it has reached.

    A part always equals the changelog up to that offset: changes come from the changelog, or from a transaction already
    committed to it.
    """

    def get(self, partition: int, key: bytes) -> bytes | None:
        """The entry, or None."""

    def items(self, partition: int) -> Iterator[tuple[bytes, bytes]]:
        """All entries of a partition."""

    def offset(self, partition: int) -> int | None:
        """The last changelog offset applied; None if there is none yet."""

    def apply(self, partition: int, changes: Iterable[tuple[bytes, bytes | None]], offset: int | None) -> None:
        """Apply changes in order (None deletes), with the changelog offset of the last one, as one write."""

    def keep_only(self, partitions: Collection[int]) -> None:
        """Release all other partitions: other processes own and change them now."""

    def forget(self, partition: int) -> None:
        """Delete a partition's part: the changelog will be read from its beginning."""


class MemoryStore:
    """The default: a dict of bytes for each partition. Python's garbage collector does not track bytes."""

    def __init__(self) -> None:
        self._parts: dict[int, dict[bytes, bytes]] = {}
        self._offsets: dict[int, int] = {}

    def get(self, partition: int, key: bytes) -> bytes | None:
        part = self._parts.get(partition)
        return None if part is None else part.get(key)

    def items(self, partition: int) -> Iterator[tuple[bytes, bytes]]:
        return iter(self._parts.get(partition, {}).items())

    def offset(self, partition: int) -> int | None:
        return self._offsets.get(partition)

    def apply(self, partition: int, changes: Iterable[tuple[bytes, bytes | None]], offset: int | None) -> None:
        part = self._parts.setdefault(partition, {})
        for key, value in changes:
            if value is None:
                part.pop(key, None)
            else:
                part[key] = value
        if offset is not None:
            self._offsets[partition] = offset

    def keep_only(self, partitions: Collection[int]) -> None:
        for partition in (self._parts.keys() | self._offsets.keys()) - set(partitions):
            self.forget(partition)

    def forget(self, partition: int) -> None:
        self._parts.pop(partition, None)
        self._offsets.pop(partition, None)
