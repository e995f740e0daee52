"""A changelog-backed table that shows only what is committed."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, NoReturn, cast

import faust
from faust.stores.base import Store as FaustStore
from faust.types import TP, AppT, EventT

from correlator.engine.slices import Changes, Slice
from correlator.engine.store import Store

RECOVERY_BUFFER = 2
"""Slices of the changelog that Faust's recovery gathers before it applies them. Not 1: with that it goes on reading the
changelog after recovery (faust ``tables/recovery.py``)."""


class StoreAdapter(FaustStore[bytes, bytes]):
    """What Faust's table manager needs to know of a store."""

    def __init__(self, *args: Any, store: Store, read_back: Counter[int], **kwargs: Any) -> None:
        """``read_back`` counts, by partition, what was changed by reading rather than by a transaction of ours."""
        super().__init__(*args, **kwargs)
        self.store, self._read_back = store, read_back

    def persisted_offset(self, tp: TP) -> int | None:
        """Where recovery goes on from: nothing before it is read again, also when a rebalance leaves the partition
        here.
        """
        return self.store.offset(tp.partition)

    def apply_changelog_batch(self, batch: Iterable[EventT[Any]], *_: object, **__: object) -> None:
        """Apply what was read of the changelog: an event is a slice of it."""
        for event in batch:
            slice_ = cast(Slice, event.message.value)
            changes = [(record.key, record.value) for record in slice_.records if record.key is not None]
            self.store.apply(slice_.partition, changes, slice_.end - 1)
            if changes:
                self._read_back[slice_.partition] += 1

    def reset_state(self) -> None:
        """Nothing to do: Faust calls this for ``faust reset`` only."""

    async def backup_partition(self, *_: object, **__: object) -> None:
        """Nothing to do: the changelog is the backup."""

    def restore_backup(self, *_: object, **__: object) -> None:
        """Nothing to do: the changelog is the backup."""


class CommittedTable(faust.Table[bytes, bytes]):
    """A Faust table whose changes come from the changelog, or from a transaction already committed to it.

    Faust keeps it co-partitioned with its input, and recovers it; the engine writes it.
    Written any earlier, a store on disk would keep changes that never were (tried with kills: 105 of 200 pairs lost).
    """

    def __init__(self, app: AppT, *, name: str, store: Store, partitions: int) -> None:
        self.store = store
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
            read_back=self._read_back,
            loop=self.loop,
        )

    def reconcile(self, partition: int, beginning: int, end: int) -> str | None:
        """Forget a part that the changelog, from ``beginning`` to ``end``, cannot complete; says why.

        Its head is gone by no compaction: that leaves the beginning where it is.
        """
        offset, name = self.store.offset(partition), f"{self.changelog_topic_name}-{partition}"
        if offset is not None and not beginning - 1 <= offset < end:
            self.store.forget(partition)
            self._read_back[partition] += 1
            return f"{name} reaches from {beginning} to {end}, and not to where we were ({offset}): reading it whole"
        if offset is None and beginning > 0:
            return f"{name} begins at {beginning}: what was kept before that is lost (was its head deleted?)"
        return None

    def stamp(self, partition: int) -> object:
        """Stays the same as long as nobody but this process changes the partition's part; None where there is no part,
        or the partition belongs to another process: the store is not asked then, as it would open that one's database.
        """
        if partition in self._elsewhere or self.store.offset(partition) is None:
            return None
        return self._read_back[partition]

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Keep the partitions that are ours now."""
        ours = {tp.partition for tp in assigned if tp.topic == self.changelog_topic_name}
        self.store.keep_only(ours)
        self._elsewhere = frozenset(range(self.partitions or 0)) - ours
        self._read_back.update(self._elsewhere)  # changes made there may be compacted away before they are read back
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)

    def on_key_set(self, key: bytes, value: bytes) -> NoReturn:
        """Refuse: see the class."""
        raise TypeError(f"table {self.name} is written by committed transactions only")

    def on_key_del(self, key: bytes) -> NoReturn:
        """Refuse: see the class."""
        raise TypeError(f"table {self.name} is written by committed transactions only")

    def get_committed(self, partition: int, key: bytes) -> bytes | None:
        """The entry as of the last committed transaction of the partition."""
        return self.store.get(partition, key)

    def commit(self, partition: int, changes: Changes, offset: int | None) -> None:
        """Apply the changes of a committed transaction; ``offset`` is its last one in the changelog."""
        self.store.apply(partition, changes.items(), offset)
