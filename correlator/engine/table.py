"""A changelog-backed table that shows committed changes only."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NoReturn, cast

import faust
from faust.stores.base import Store as FaustStore
from faust.types import TP, AppT, EventT

from correlator.engine.slices import Changes, Slice
from correlator.engine.store import Store

RECOVERY_BUFFER = 2
"""How many slices of the changelog Faust's recovery gathers before it would apply them. With 1 it would go on reading
the changelog after recovery (faust ``tables/recovery.py``)."""


class StoreAdapter(FaustStore[bytes, bytes]):
    """Our store, with the interface that Faust's table manager expects."""

    def __init__(self, *args: Any, store: Store, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.store = store

    def persisted_offset(self, tp: TP) -> int | None:
        """The offset after which recovery begins: nothing up to it is read again, also after a rebalance that leaves
        the partition with us.
        """
        return self.store.offset(tp.partition)

    def apply_changelog_batch(self, *_: object, **__: object) -> None:
        """Nothing to do: each slice was applied as it came."""

    def reset_state(self) -> None:
        """Nothing to do: Faust calls this for ``faust reset`` only."""

    async def backup_partition(self, *_: object, **__: object) -> None:
        """Nothing to do: the changelog is the backup."""

    def restore_backup(self, *_: object, **__: object) -> None:
        """Nothing to do: the changelog is the backup."""


class CommittedTable(faust.Table[bytes, bytes]):
    """A Faust table whose changes come from the changelog, or from a transaction already committed to it.

    Faust keeps it co-partitioned with its input and recovers it; the engine writes it. Written before the commit, a
    store on disk would keep changes that were never committed (tried by killing: 105 of 200 pairs lost).
    """

    def __init__(
        self, app: AppT, *, name: str, store: Store, partitions: int, fail: Callable[[str, BaseException], None]
    ) -> None:
        self.store = store
        self._fail = fail
        self._read_back: Counter[int] = Counter()
        self._elsewhere: frozenset[int] = frozenset()
        super().__init__(
            app,
            name=name,
            partitions=partitions,
            key_type=bytes,
            value_type=bytes,
            recovery_buffer_size=RECOVERY_BUFFER,
        )

    def _new_store(self) -> StoreAdapter:
        return StoreAdapter(
            "committed://",
            self.app,
            self,
            table_name=self.name,
            store=self.store,
            loop=self.loop,
        )

    async def on_changelog_event(self, event: EventT[Any]) -> None:
        """Apply a slice of the changelog as it comes. Faust would gather several, and would never apply them if all had
        been read by the time it checks whether anything must be recovered.
        """
        try:
            self.recover(cast(Slice, event.message.value))
        except Exception as exc:  # noqa: BLE001 - Faust would log a warning, and gather slices without end
            self._fail("the table could not be recovered", exc)

    def recover(self, slice_: Slice) -> None:
        """Apply a slice of the changelog. Faust seeks to the last offset applied, not past it, so that record comes
        again and changes nothing. Slices of an earlier assignment may come late.
        """
        partition, known = slice_.partition, self.store.offset(slice_.partition)
        if partition in self._elsewhere or (known is not None and slice_.end - 1 <= known):
            return
        changes = [
            (record.key, record.value)
            for record in slice_.records
            if record.key is not None and (known is None or record.offset > known)
        ]
        self.store.apply(partition, changes, slice_.end - 1)
        if changes:
            self._read_back[partition] += 1

    def reconcile(self, partition: int, beginning: int, end: int) -> str | None:
        """Drop the local copy of a partition if the changelog, from ``beginning`` to ``end``, cannot complete it.

        Returns a warning if state is lost or read again. Compaction causes none, as it does not move the beginning.
        """
        offset, name = self.store.offset(partition), f"{self.changelog_topic_name}-{partition}"
        if offset is not None and not beginning - 1 <= offset < end:
            self.store.forget(partition)
            self._read_back[partition] += 1
            return (
                f"{name} holds offsets {beginning} up to {end}, but the local copy continues at {offset + 1}:"
                " discarding the copy and rereading the changelog"
            )
        if offset is None and beginning > 0:
            return f"{name} begins at {beginning}: the state before that is lost (were its first records deleted?)"
        return None

    def stamp(self, partition: int) -> object:
        """A stamp of the partition: as long as it stays equal, no other process has changed the partition. None if
        nothing is stored, or if another process holds the partition: asking the store would open that one's database.
        """
        if partition in self._elsewhere or self.store.offset(partition) is None:
            return None
        return self._read_back[partition]

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Keep only the partitions assigned to us."""
        ours = {tp.partition for tp in assigned if tp.topic == self.changelog_topic_name}
        self.store.keep_only(ours)
        self._elsewhere = frozenset(range(self.partitions or 0)) - ours
        self._read_back.update(self._elsewhere)  # changes made there may be compacted away before they are read back
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)

    def on_key_set(self, key: bytes, value: bytes) -> NoReturn:
        """Refuse, see the class. Raises `TypeError`."""
        raise TypeError(f"table {self.name} is written by committed transactions only")

    def on_key_del(self, key: bytes) -> NoReturn:
        """Refuse, see the class. Raises `TypeError`."""
        raise TypeError(f"table {self.name} is written by committed transactions only")

    def entries(self, partition: int) -> Iterable[tuple[bytes, bytes]]:
        """All entries of a partition, as of its last committed transaction."""
        return self.store.items(partition)

    def get_committed(self, partition: int, key: bytes) -> bytes | None:
        """An entry as of the partition's last committed transaction."""
        return self.store.get(partition, key)

    def commit(self, partition: int, changes: Changes, offset: int | None) -> None:
        """Apply the changes of a committed transaction; ``offset`` is the last of them in the changelog."""
        self.store.apply(partition, changes.items(), offset)
