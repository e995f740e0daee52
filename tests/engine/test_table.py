"""The table as Faust's recovery sees it: slices of its changelog in, and an offset from which to go on."""

from operator import delitem, setitem
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from correlator.engine import CommittedTable, Engine, MemoryStore, Slice
from correlator.engine.rocks import RocksStore
from correlator.engine.slices import Received
from tests.engine.fakes import OPTIONS, Record, unused


@pytest.fixture
def engine() -> Engine:
    return Engine(OPTIONS, fail=unused)


@pytest.fixture
def table(engine: Engine) -> CommittedTable:
    return engine.add_table("subjects", MemoryStore(), partitions=2)


@pytest.fixture
def adapter(table: CommittedTable) -> Any:
    return table._new_store()


def event(start: int, *records: Received, end: int | None = None, partition: int = 0) -> Any:
    end = start + len(records) if end is None else end
    value = Slice("unit-subjects-changelog", partition, start, end, records)
    return SimpleNamespace(message=SimpleNamespace(value=value))


def test_its_changelog_is_named_after_app_and_table(table):
    assert table.changelog_topic_name == "unit-subjects-changelog"


async def recover(table: CommittedTable, *events: Any) -> None:
    """As Faust's recovery does."""
    for one in events:
        await table.on_changelog_event(one)


async def test_recovery_applies_slices_of_the_changelog(table):
    await recover(
        table,
        event(0, Record(0, b"a", b"1"), Record(1, b"b", b"2")),
        event(2, Record(2, b"a", None), Record(3, None, b"no key, no entry"), Record(4, b"c", b"3"), end=6),
        event(0, Record(0, b"a", b"of another partition"), partition=1),
    )
    assert dict(table.store.items(0)) == {b"b": b"2", b"c": b"3"}
    assert dict(table.store.items(1)) == {b"a": b"of another partition"}


async def test_the_offset_is_where_the_reading_got_to_markers_included(table, adapter):
    tp = TP(table.changelog_topic_name, 0)
    assert adapter.persisted_offset(tp) is None
    await recover(table, event(0, Record(0, b"a", b"1"), end=2))
    assert adapter.persisted_offset(tp) == 1
    await recover(table, event(2, end=5))
    assert adapter.persisted_offset(tp) == 4
    assert adapter.persisted_offset(TP(table.changelog_topic_name, 1)) is None


async def test_a_slice_that_is_read_again_changes_nothing(table):
    slices = [event(0, Record(0, b"a", b"1"), Record(1, b"a", b"2")), event(2, Record(2, b"b", b"1"))]
    await recover(table, *slices)
    before = dict(table.store.items(0))
    await recover(table, *slices)
    assert dict(table.store.items(0)) == before
    assert table.store.offset(0) == 2


async def test_a_slice_that_comes_late_does_not_set_the_table_back(table):
    table.commit(0, {b"a": b"new"}, 7)
    await recover(table, event(0, Record(0, b"a", b"old"), end=5))
    assert (table.get_committed(0, b"a"), table.store.offset(0)) == (b"new", 7)


async def test_a_slice_of_a_partition_that_others_hold_by_now_is_passed_over(table, rebalanced):
    await rebalanced(TP(table.changelog_topic_name, 1))
    await recover(table, event(0, Record(0, b"a", b"1")))
    assert table.store.offset(0) is None


def test_a_committed_transaction_is_shown(table):
    table.commit(1, {b"a": b"1"}, 7)
    assert table.get_committed(1, b"a") == b"1"
    assert table.get_committed(0, b"a") is None
    assert table.store.offset(1) == 7
    table.commit(1, {b"a": None}, 9)
    assert table.get_committed(1, b"a") is None


@pytest.mark.parametrize("write", [lambda table: setitem(table, b"a", b"1"), lambda table: delitem(table, b"a")])
def test_nobody_else_writes_it(table, write):
    with pytest.raises(TypeError, match="committed transactions only"):
        write(table)


def rebalancing(table: CommittedTable, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Tell a table of a rebalance."""

    async def nothing(*_: Any) -> None: ...

    monkeypatch.setattr(table.data, "on_rebalance", nothing)

    async def rebalance(*assigned: TP) -> None:
        await table.on_rebalance(set(assigned), set(), set())

    return rebalance


@pytest.fixture
def rebalanced(table: CommittedTable, monkeypatch: pytest.MonkeyPatch) -> Any:
    return rebalancing(table, monkeypatch)


async def test_a_rebalance_forgets_partitions_that_are_not_ours(table, rebalanced):
    for partition in (0, 1, 2):
        table.commit(partition, {b"a": b"1"}, 7)
    await rebalanced(TP(table.changelog_topic_name, 1), TP("another-changelog", 0), TP("input", 2))
    assert [table.store.offset(partition) for partition in (0, 1, 2)] == [None, 7, None]


RECONCILED = [  # where we were, the changelog's beginning and end, and whether what lies here is kept
    (None, 0, 0, True),
    (None, 0, 5, True),
    (4, 0, 5, True),
    (0, 0, 5, True),
    (5, 0, 5, False),  # it was made anew, shorter
    (9, 0, 5, False),
    (2, 3, 5, True),  # the next one that we need is the first
    (1, 3, 5, False),  # what came between is gone
]


@pytest.mark.parametrize("offset, beginning, end, kept", RECONCILED)
def test_what_the_changelog_cannot_complete_is_forgotten(table, offset, beginning, end, kept):
    if offset is not None:
        table.store.apply(0, [(b"a", b"1")], offset)
    before = table.stamp(0)
    warning = table.reconcile(0, beginning, end)
    assert (warning is None) == kept
    assert table.store.offset(0) == (offset if kept else None)
    assert (table.stamp(0) == before) == kept


def test_a_head_that_was_deleted_is_told(table):
    assert "begins at 7" in table.reconcile(0, 7, 20)


async def test_the_stamp_changes_by_what_others_wrote(table):
    table.commit(0, {b"a": b"1"}, 3)
    ours = table.stamp(0)
    table.commit(0, {b"a": b"2"}, 5)
    assert table.stamp(0) == ours
    # Faust seeks to where we are: our own last record comes again, and its transaction's marker
    await recover(table, event(5, Record(5, b"a", b"2"), end=7))
    assert table.stamp(0) == ours
    assert table.store.offset(0) == 6
    await recover(table, event(7, Record(8, b"a", b"3")))
    assert table.stamp(0) != ours
    table.store.keep_only([])
    assert table.stamp(0) is None


async def test_a_store_that_cannot_be_written_to_ends_the_process(table, monkeypatch):
    """Faust would log a warning, keep the slice, and apply all of them once more with each that comes."""
    told = list[tuple[str, BaseException]]()
    monkeypatch.setattr(table, "_fail", lambda what, exc: told.append((what, exc)))
    full = OSError("No space left on device")

    def apply(*_):
        raise full

    monkeypatch.setattr(table.store, "apply", apply)
    await recover(table, event(0, Record(0, b"a", b"1")))
    assert told == [("the table could not be recovered", full)]


async def test_no_stamp_is_asked_of_a_store_whose_partition_is_elsewhere(engine, tmp_path, monkeypatch):
    """It would open a database that belongs to another process now, and keep it open."""

    def store() -> RocksStore:
        return RocksStore(tmp_path / "table", tombstones_for=86_400, clock=lambda: 0.0)

    table = engine.add_table("subjects", store(), partitions=2)
    rebalance = rebalancing(table, monkeypatch)
    await rebalance(TP(table.changelog_topic_name, 0))
    table.commit(0, {b"a": b"1"}, 3)
    ours = table.stamp(0)
    assert ours is not None
    await rebalance()
    assert table.stamp(0) is None
    other = store()
    other.apply(0, [(b"a", b"2")], 4)  # RocksDB's lock is free
    other.keep_only([])
    await rebalance(TP(table.changelog_topic_name, 0))
    assert table.stamp(0) not in {None, ours}


async def test_the_stamp_changes_while_the_partition_is_elsewhere(table, rebalanced):
    """All of it may have been deleted there, and the tombstones compacted away: then nothing is read back."""
    table.commit(0, {b"a": b"1"}, 3)
    ours = table.stamp(0)
    await rebalanced()
    await rebalanced(TP(table.changelog_topic_name, 0))
    await recover(table, event(0, end=9))
    assert table.stamp(0) != ours
