"""The clocks of the raw partitions, and the low watermark: rule T4."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack

from correlator.core import Clocks, ForeignState, UnreadableState

packed = msgpack.encode


def test_without_a_clock_nothing_is_due():
    assert Clocks().low_watermark is None


def test_until_all_have_reported_nothing_is_due():
    clocks = Clocks()
    clocks.observe(0, 3, 10)
    clocks.observe(2, 3, 30)
    assert clocks.low_watermark is None
    clocks.observe(1, 3, 20)
    assert clocks.low_watermark == 10


def test_a_partition_without_a_clock_has_not_reported():
    clocks = Clocks()
    assert clocks.observe(0, 1, None) is None
    assert clocks.low_watermark is None


def test_a_clock_never_goes_back():
    clocks = Clocks()
    clocks.observe(0, 1, 10)
    assert clocks.observe(0, 1, 5) == 10
    assert clocks.observe(0, 1, None) == 10
    assert clocks.low_watermark == 10


def test_a_topic_that_grows_waits_for_its_new_partitions():
    clocks = Clocks()
    clocks.observe(0, 1, 10)
    clocks.observe(0, 2, 20)
    assert clocks.low_watermark is None
    clocks.observe(1, 2, 15)
    assert clocks.low_watermark == 15


def test_a_reader_that_knows_of_fewer_partitions_takes_none_away():
    clocks = Clocks()
    clocks.observe(0, 2, 10)
    clocks.observe(0, 1, 20)
    assert clocks.low_watermark is None


@given(st.lists(st.tuples(st.integers(0, 3), st.none() | st.integers(0, 100))))
def test_the_low_watermark_is_the_least_and_never_goes_back(reports):
    clocks, known, low = Clocks(), dict[int, int](), None
    for partition, clock in reports:
        if clock is not None:
            known[partition] = max(clock, known.get(partition, 0))
        assert clocks.observe(partition, 4, clock) == known.get(partition)
        assert clocks.low_watermark == (min(known.values()) if len(known) == 4 else None)
        assert low is None or (clocks.low_watermark or 0) >= low
        low = clocks.low_watermark
        again = Clocks.decode(clocks.encode())
        assert again.low_watermark == low
        assert again.encode() == clocks.encode()


@pytest.mark.parametrize(
    "value",
    [
        *(b"", b"\xff", b"[1,2,{}]", packed([1, 2, {}]) + b"\x00"),
        *map(packed, ({}, [], None, 1, [1, 2], [1, 2, 3], [1, 2, [3]], [1, 2, {"0": 1}], [1, 2, {0: 1.5}])),
        *map(packed, ([1, True, {}], ["1", 2, {}], [1, 2, {0: None}], [1, 2, {}, 4], [0, 2, {}], [-1, 2, {}])),
    ],
)
def test_what_is_no_clocks_is_refused(value):
    with pytest.raises(UnreadableState):
        Clocks.decode(value)


def test_another_release_s_clocks_are_refused():
    with pytest.raises(ForeignState, match="version 2"):
        Clocks.decode(packed([2, 1, {}]))


@pytest.mark.parametrize("fields", [[2], [2, {"a": 1}], [2, 1, [], 0]])
def test_another_release_s_clocks_of_another_shape_are_refused_too(fields):
    with pytest.raises(ForeignState):
        Clocks.decode(packed(fields))


@given(st.binary())
def test_garbage_is_refused(value):
    with pytest.raises((UnreadableState, ForeignState)):
        Clocks.decode(value)
