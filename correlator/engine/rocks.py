"""The store on disk: a RocksDB for each partition. It is for state that outgrows memory, or that should not be read
back from the changelog at every start.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import cast

from rocksdict import Options, Rdict, WriteBatch

OFFSET_KEY = b"\x00changelog-offset"
WRITTEN_KEY = b"\x00written-at"
"""The keys of the store's own entries, which no table may use."""


class UnusableStore(Exception):
    """A part cannot be opened. The text says where it is, why, and what to do."""


class RocksStore:
    """Changes and the changelog offset that they reach are one write: after a crash, both are there or neither is.

    A part last written longer ago than the changelog keeps tombstones (``delete.retention.ms``) is deleted and read
    back, as deletions made since then may be gone from the changelog. A directory belongs to one process at a time:
    RocksDB locks it.
    """

    def __init__(self, directory: Path, *, tombstones_for: float, clock: Callable[[], float]) -> None:
        """``tombstones_for``: seconds. ``clock``: seconds since 1970, comparable across restarts."""
        self._directory, self._tombstones_for, self._clock = directory, tombstones_for, clock
        self._parts: dict[int, Rdict] = {}

    def _part(self, partition: int) -> Rdict:
        part = self._parts.get(partition)
        if part is None:
            part = self._open(partition)
            written = part.get(WRITTEN_KEY)
            if written is None or self._clock() - float(written) > self._tombstones_for:
                part.close()
                self._destroy(partition)
                part = self._open(partition)
            self._parts[partition] = part
        return part

    def _path(self, partition: int) -> str:
        return str(self._directory / str(partition))

    def _open(self, partition: int) -> Rdict:
        options = Options(raw_mode=True)
        options.create_if_missing(True)
        try:
            return Rdict(self._path(partition), options=options)
        except Exception as error:  # noqa: BLE001 - rocksdict's own are no more than that
            raise UnusableStore(
                f"{self._path(partition)} cannot be opened ({error}): give each worker a data directory of its own"
                " that it can write to; delete there what is damaged, as the changelog has all of it"
            ) from None

    def _destroy(self, partition: int) -> None:
        Rdict.destroy(self._path(partition), Options(raw_mode=True))

    def get(self, partition: int, key: bytes) -> bytes | None:
        value: bytes | None = self._part(partition).get(key)
        return value

    def items(self, partition: int) -> Iterator[tuple[bytes, bytes]]:
        for key, value in self._part(partition).items():
            if key not in {OFFSET_KEY, WRITTEN_KEY}:
                yield cast(bytes, key), value

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
        batch.put(WRITTEN_KEY, str(self._clock()).encode())
        if offset is not None:
            batch.put(OFFSET_KEY, str(offset).encode())
        self._part(partition).write(batch)

    def keep_only(self, partitions: Collection[int]) -> None:
        for partition in self._parts.keys() - set(partitions):
            self._parts.pop(partition).close()

    def forget(self, partition: int) -> None:
        part = self._parts.pop(partition, None)
        if part is not None:
            part.close()
        self._destroy(partition)
