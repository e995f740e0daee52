"""The partition that Java's clients choose."""

import aiokafka.partitioner
import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.partitioner import murmur2, partition_for


# org.apache.kafka.common.utils.UtilsTest.testMurmur2
@pytest.mark.parametrize(
    "key, signed",
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_as_in_javas_own_tests(key, signed):
    assert murmur2(key) == signed % 2**32


@given(st.binary(max_size=100))
def test_as_in_aiokafka(key):
    assert murmur2(key) == aiokafka.partitioner.murmur2(key) % 2**32


@given(st.binary(max_size=50), st.integers(1, 1000))
def test_a_partition_as_aiokafka_chooses_it(key, partitions):
    everything = list(range(partitions))
    assert partition_for(key, partitions) == aiokafka.partitioner.DefaultPartitioner()(key, everything, everything)
