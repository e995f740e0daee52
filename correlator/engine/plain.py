"""Records as their batch has them: a `ConsumerRecord` made of each, as aiokafka does, costs more than reading it."""

from collections import OrderedDict
from typing import Any

from aiokafka.consumer.fetcher import FetchResult, PartitionRecords


class PlainRecords(PartitionRecords):
    """Hands records on as they are: they have an offset, a timestamp and its type, a key, a value and headers."""

    def _consumer_record(self, tp: Any, record: Any) -> Any:
        return record


class _Fetched(OrderedDict[Any, Any]):
    """What a fetcher has fetched and nobody has polled yet, by partition."""

    def __setitem__(self, tp: Any, fetched: Any) -> None:
        if isinstance(fetched, FetchResult):
            fetched._partition_records.__class__ = PlainRecords  # the fetcher takes no other class, and makes it itself
        super().__setitem__(tp, fetched)


def make_plain(fetcher: Any) -> None:
    """Let an aiokafka fetcher return plain records."""
    if not isinstance(fetcher._records, _Fetched):
        fetcher._records = _Fetched(fetcher._records)
