"""The index of deadlines, as rule T5 has it."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.core import Deadlines
from correlator.moments import END_OF_TIME

KEYS = st.sampled_from([b"a", b"b", b"c", b"d"])


def popped(deadlines: Deadlines, watermark: int) -> list[bytes]:
    keys = []
    while (key := deadlines.pop_due(watermark)) is not None:
        keys.append(key)
    return keys


def test_what_has_been_due_for_longest_comes_first():
    deadlines = Deadlines()
    for key, due in ((b"b", 20), (b"a", 30), (b"c", 10)):
        deadlines.set(key, due)
    assert popped(deadlines, 100) == [b"c", b"b", b"a"]
    assert len(deadlines) == 0


def test_due_is_what_the_watermark_has_passed():
    deadlines = Deadlines()
    deadlines.set(b"a", 10)
    assert deadlines.pop_due(10) is None
    assert deadlines.pop_due(11) == b"a"
    assert deadlines.pop_due(11) is None


@pytest.mark.parametrize("moved", [5, 30])
def test_a_deadline_that_moved_is_due_once_and_at_its_new_place(moved):
    deadlines = Deadlines()
    deadlines.set(b"a", 10)
    deadlines.set(b"b", 20)
    deadlines.set(b"a", moved)
    assert popped(deadlines, 100) == ([b"a", b"b"] if moved < 20 else [b"b", b"a"])


def test_a_deadline_moved_away_and_back_is_due_once():
    deadlines = Deadlines()
    for due in (10, 30, 10):
        deadlines.set(b"a", due)
    assert popped(deadlines, 100) == [b"a"]


def test_what_waits_for_nothing_is_never_due():
    deadlines = Deadlines()
    deadlines.set(b"a", 10)
    deadlines.set(b"a", None)
    deadlines.set(b"never", None)
    assert len(deadlines) == 0
    assert deadlines.pop_due(100) is None


def test_what_was_popped_can_be_set_again():
    deadlines = Deadlines()
    deadlines.set(b"a", 10)
    deadlines.pop_due(11)
    deadlines.set(b"a", 10)
    assert popped(deadlines, 11) == [b"a"]


def test_the_earliest_is_a_bound():
    deadlines = Deadlines()
    assert deadlines.earliest == END_OF_TIME
    deadlines.set(b"a", 10)
    deadlines.set(b"a", 20)
    assert deadlines.earliest <= 20
    assert deadlines.pop_due(15) is None
    assert deadlines.earliest == 20


@given(st.lists(st.tuples(KEYS, st.none() | st.integers(0, 20)) | st.integers(0, 25)))
def test_as_a_search_through_all_would_find(steps):
    deadlines, model = Deadlines(), dict[bytes, int]()
    for step in steps:
        if isinstance(step, int):
            due = sorted((due, key) for key, due in model.items() if due < step)
            keys = popped(deadlines, step)
            assert sorted(keys) == sorted(key for _, key in due)
            assert [model[key] for key in keys] == [at for at, _ in due]
            for key in keys:
                del model[key]
        else:
            key, due = step
            deadlines.set(key, due)
            model.pop(key, None)
            if due is not None:
                model[key] = due
        assert len(deadlines) == len(model)
        assert deadlines.earliest <= min(model.values(), default=float("inf"))


def test_its_size_is_bounded_by_what_waits():
    deadlines = Deadlines()
    for n in range(100_000):
        deadlines.set(b"%d" % (n % 10), n)
    assert len(deadlines) == 10
    assert len(deadlines._heap) <= 2 * 10 + 1001


def test_a_tick_costs_what_is_due_not_what_waits():
    deadlines = Deadlines()
    random_ = random.Random(0)
    keys = [b"%d" % n for n in range(1_000_000)]
    dues = [random_.randrange(1000, 10**9) for _ in keys]
    for key, due in zip(keys, dues, strict=True):
        deadlines.set(key, due)
    began = time.perf_counter()
    for watermark in range(1000):
        assert deadlines.pop_due(watermark) is None
    assert time.perf_counter() - began < 0.5  # a scan of a million takes tens of milliseconds, a thousand times over
    assert len(popped(deadlines, 10**6)) == sum(1 for due in dues if due < 10**6)
