"""Stores: one contract for all, and what only the one on disk can do: be opened again."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correlator.engine import MemoryStore, Store
from correlator.engine.rocks import RocksStore, UnusableStore

DAY = 86_400.0


def rocks(directory: Path, now: float = 0.0) -> RocksStore:
    """A store on disk, at a time."""
    return RocksStore(directory, tombstones_for=DAY, clock=lambda: now)


@pytest.fixture(params=["memory", "rocks"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return MemoryStore() if request.param == "memory" else rocks(tmp_path / "table")


# For every store


def test_what_is_forgotten_is_gone_and_can_come_anew(store):
    store.apply(0, [(b"a", b"1")], 7)
    store.apply(1, [(b"b", b"2")], 8)
    store.forget(0)
    assert (store.offset(0), list(store.items(0))) == (None, [])
    assert (store.offset(1), store.get(1, b"b")) == (8, b"2")
    store.apply(0, [(b"c", b"3")], 9)
    assert list(store.items(0)) == [(b"c", b"3")]


def test_a_new_store_holds_nothing(store):
    assert store.get(0, b"key") is None
    assert list(store.items(0)) == []
    assert store.offset(0) is None


def test_what_is_applied_is_there(store):
    store.apply(0, [(b"a", b"1"), (b"b", b"")], 7)
    assert store.get(0, b"a") == b"1"
    assert store.get(0, b"b") == b""
    assert sorted(store.items(0)) == [(b"a", b"1"), (b"b", b"")]
    assert store.offset(0) == 7


def test_none_deletes(store):
    store.apply(0, [(b"a", b"1"), (b"b", b"2")], 1)
    store.apply(0, [(b"a", None), (b"never there", None)], 3)
    assert list(store.items(0)) == [(b"b", b"2")]
    assert store.offset(0) == 3


def test_changes_apply_in_order(store):
    store.apply(0, [(b"a", b"1"), (b"a", None), (b"a", b"2"), (b"b", b"1"), (b"b", None)], 5)
    assert list(store.items(0)) == [(b"a", b"2")]


def test_changes_are_taken_from_an_iterator(store):
    store.apply(0, iter([(b"a", b"1"), (b"b", b"2")]), 1)
    assert sorted(store.items(0)) == [(b"a", b"1"), (b"b", b"2")]


def test_an_offset_comes_without_changes_too(store):
    """A slice of a changelog may hold markers only, and recovery must not read it again and again."""
    store.apply(0, [], 7)
    assert store.offset(0) == 7
    assert list(store.items(0)) == []


def test_no_offset_leaves_it_as_it_was(store):
    store.apply(0, [(b"a", b"1")], 7)
    store.apply(0, [(b"a", b"2")], None)
    assert store.offset(0) == 7
    assert store.get(0, b"a") == b"2"


def test_offset_zero_is_an_offset(store):
    store.apply(0, [(b"a", b"1")], 0)
    assert store.offset(0) == 0


def test_partitions_know_nothing_of_each_other(store):
    store.apply(0, [(b"a", b"of 0")], 10)
    store.apply(1, [(b"a", b"of 1")], 20)
    store.apply(0, [(b"a", None)], 11)
    assert store.get(1, b"a") == b"of 1"
    assert (store.offset(0), store.offset(1)) == (11, 20)
    assert list(store.items(0)) == []


def test_keys_and_values_are_any_bytes(store):
    store.apply(0, [(b"\xff\x00 \n", bytes(range(256)) * 100)], 1)
    assert list(store.items(0)) == [(b"\xff\x00 \n", bytes(range(256)) * 100)]


def test_only_what_is_ours_is_kept(store):
    for partition in range(3):
        store.apply(partition, [(b"a", b"1")], 7)
    store.keep_only({1})
    assert store.get(1, b"a") == b"1"
    assert store.offset(1) == 7


def test_keeping_what_was_never_there_makes_nothing(store):
    store.keep_only({0, 1})
    assert store.offset(0) is None


Changes = st.lists(st.tuples(st.sampled_from([b"a", b"b", b"c"]), st.none() | st.binary(max_size=3)), max_size=5)


@settings(max_examples=25)  # each makes a database
@given(batches=st.lists(st.tuples(st.integers(0, 1), Changes), max_size=12))
def test_both_stores_do_the_same(batches, tmp_path_factory):
    memory, disk = MemoryStore(), rocks(tmp_path_factory.mktemp("rocks"))
    for offset, (partition, changes) in enumerate(batches):
        for store in (memory, disk):
            store.apply(partition, changes, offset)
    for partition in (0, 1):
        assert sorted(disk.items(partition)) == sorted(memory.items(partition))
        assert disk.offset(partition) == memory.offset(partition)
    disk.keep_only(())


# In memory


def test_memory_forgets_what_is_not_ours():
    """Somebody else changes it now: if it comes back, it is read anew."""
    store = MemoryStore()
    for partition in range(3):
        store.apply(partition, [(b"a", b"1")], 7)
    store.keep_only({1})
    assert [store.offset(partition) for partition in range(3)] == [None, 7, None]
    assert list(store.items(0)) == []


# On disk


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "not there yet" / "table"


@pytest.fixture
def reopened(directory: Path) -> Callable[[RocksStore], RocksStore]:
    """Close a store as a process does that ends, and open it again."""

    def reopen(store: RocksStore) -> RocksStore:
        store.keep_only(())
        return rocks(directory)

    return reopen


def test_a_store_on_disk_is_there_again(directory, reopened):
    store = rocks(directory)
    store.apply(0, [(b"a", b"1"), (b"b", b"2")], 7)
    store.apply(1, [(b"c", b"3")], 9)
    store = reopened(store)
    assert sorted(store.items(0)) == [(b"a", b"1"), (b"b", b"2")]
    assert list(store.items(1)) == [(b"c", b"3")]
    assert (store.offset(0), store.offset(1)) == (7, 9)


def test_a_partition_that_comes_back_goes_on_from_its_offset(directory):
    store = rocks(directory)
    store.apply(0, [(b"a", b"1")], 7)
    store.keep_only({1})
    assert store.offset(0) == 7
    assert store.get(0, b"a") == b"1"


def test_a_partition_that_is_not_ours_is_free_for_another_process(directory):
    one, other = rocks(directory), rocks(directory)
    one.apply(0, [(b"a", b"1")], 7)
    with pytest.raises(Exception, match=r"(?i)lock"):
        other.get(0, b"a")
    one.keep_only(())
    assert other.get(0, b"a") == b"1"


def test_a_crash_leaves_changes_and_offset_together(directory, tmp_path):
    """The log ends somewhere in the last write: neither its changes nor its offset are there."""
    store = rocks(directory)
    store.apply(0, [(b"a", b"1"), (b"gone", b"soon")], 7)
    store.apply(0, [(b"a", b"2"), (b"gone", None), (b"new", b"3")], 9)
    fallen_back = set()
    for lost in range(0, 60, 6):
        crashed = tmp_path / f"crashed-{lost}"
        shutil.copytree(directory, crashed)
        (log,) = crashed.glob("0/*.log")
        content = log.read_bytes()
        log.write_bytes(content[: len(content) - lost])
        (crashed / "0" / "LOCK").unlink(missing_ok=True)
        after = rocks(crashed)
        state = after.offset(0), dict(after.items(0))
        assert state in [(9, {b"a": b"2", b"new": b"3"}), (7, {b"a": b"1", b"gone": b"soon"})]
        fallen_back.add(state[0])
        after.keep_only(())
    assert fallen_back == {7, 9}


def test_a_directory_that_another_process_uses_is_named(directory):
    holder = rocks(directory)
    holder.apply(0, [(b"a", b"1")], 7)
    with pytest.raises(UnusableStore, match=rf"^{directory}/0 cannot be opened \(.*lock.*\): give each worker a data"):
        rocks(directory).offset(0)


@pytest.mark.parametrize(
    "age, kept", [(0, True), (DAY, True), (DAY + 1, False)], ids=["as it was", "just in time", "too old"]
)
def test_what_may_have_missed_tombstones_is_not_gone_on_from(tmp_path, age, kept):
    """Deleted while the partition was elsewhere, and the tombstone compacted away: the key would be a phantom."""
    directory = tmp_path / "table"
    store = rocks(directory, now=1000.0)
    store.apply(3, [(b"a", b"1")], 7)
    store.keep_only([])
    store = rocks(directory, now=1000.0 + age)
    assert (store.offset(3), store.get(3, b"a")) == ((7, b"1") if kept else (None, None))
    store.apply(3, [(b"b", b"2")], 9)
    assert store.get(3, b"b") == b"2"


def test_a_part_is_as_old_as_its_last_write(tmp_path):
    store = rocks(tmp_path / "table", now=0.0)
    store.apply(3, [(b"a", b"1")], 7)
    store.keep_only([])
    store = rocks(tmp_path / "table", now=DAY)
    store.apply(3, [], 8)
    store.keep_only([])
    assert rocks(tmp_path / "table", now=2 * DAY).offset(3) == 8
