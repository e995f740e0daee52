"""The store on disk: one RocksDB a partition, for state that outgrows memory or must not be read back at every
start.
"""

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import cast

from rocksdict import Options, Rdict, WriteBatch

OFFSET_KEY = b"\x00changelog-offset"
"""Sorts before every table key: those are printable."""


class RocksStore:
    """Changes and the changelog offset that they reach are one write: after a crash both are there, or neither.

    A directory belongs to one process at a time; RocksDB's own lock refuses a second one.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._parts: dict[int, Rdict] = {}

    def _part(self, partition: int) -> Rdict:
        part = self._parts.get(partition)
        if part is None:
            options = Options(raw_mode=True)
            options.create_if_missing(True)
            part = self._parts[partition] = Rdict(str(self._directory / str(partition)), options=options)
        return part

    def get(self, partition: int, key: bytes) -> bytes | None:
        value: bytes | None = self._part(partition).get(key)
        return value

    def items(self, partition: int) -> Iterator[tuple[bytes, bytes]]:
        for key, value in self._part(partition).items():
            if key != OFFSET_KEY:
                yield cast(bytes, key), value

    def size(self, partition: int) -> int:
        return int(self._part(partition).property_int_value("rocksdb.estimate-num-keys") or 0)

    def offset(self, partition: int) -> int | None:
        value = self._part(partition).get(OFFSET_KEY)
        return None if value is None else int(value)

    def apply(self, partition: int, changes: Iterable[tuple[bytes, bytes | None]], offset: int | None) -> None:
        batch = WriteBatch(raw_mode=True)
        for key, value in changes:
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        if offset is not None:
            batch.put(OFFSET_KEY, str(offset).encode())
        self._part(partition).write(batch)

    def keep_only(self, partitions: Collection[int]) -> None:
        for partition in self._parts.keys() - set(partitions):
            self._parts.pop(partition).close()
