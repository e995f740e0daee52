"""Records as their batch has them: all that a slice promises of a record, and what aiokafka would have made of it."""

from collections import OrderedDict
from types import SimpleNamespace

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import FetchError, FetchResult, PartitionRecords
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from correlator.engine.plain import PlainRecords, make_plain

TP = TopicPartition("events", 3)
ROWS = [(b"k", b"v", [("a", b"1"), ("b", None)]), (None, b"w", []), (b"tombstone", None, [])]


def fetched() -> FetchResult:
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, 0, 1 << 16)
    for offset, (key, value, headers) in enumerate(ROWS):
        builder.append(offset, 1_700_000_000_000 + offset, key, value, headers)
    records = PartitionRecords(TP, MemoryRecords(bytes(builder.build())), [], 0, None, None, True, 0)
    return FetchResult(TP, assignment=None, partition_records=records, backoff=0)


@pytest.fixture
def fetcher() -> SimpleNamespace:
    fetcher = SimpleNamespace(_records=OrderedDict())
    make_plain(fetcher)
    return fetcher


def test_a_plain_record_has_what_is_read_of_it(fetcher):
    fetcher._records[TP] = fetched()
    plain, made = list(fetcher._records[TP]._partition_records), list(fetched()._partition_records)
    assert [(it.key, it.value) for it in plain] == [(key, value) for key, value, _ in ROWS]
    for name in ("offset", "timestamp", "timestamp_type", "key", "value"):
        assert [getattr(it, name) for it in plain] == [getattr(it, name) for it in made]
    assert [tuple(it.headers) for it in plain] == [it.headers for it in made]


def test_where_reading_goes_on_is_known_as_before(fetcher):
    fetcher._records[TP] = fetched()
    records = fetcher._records[TP]._partition_records
    assert isinstance(records, PlainRecords)
    next(records)
    assert records.next_fetch_offset == 1
    assert len(list(records)) == 2
    assert records.next_fetch_offset == 3


def test_a_fault_is_kept_as_it_is(fetcher):
    fetcher._records[TP] = fault = FetchError(error=RuntimeError(), backoff=0)
    assert fetcher._records[TP] is fault


def test_it_is_done_once(fetcher):
    before = fetcher._records
    make_plain(fetcher)
    assert fetcher._records is before
