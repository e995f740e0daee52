"""Fetching: less often than aiokafka fetches by itself, and without a copy of every record."""

import asyncio
import contextlib
import time
from collections import OrderedDict
from typing import Any

from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords


class PlainRecords(PartitionRecords):
    """Returns records as their batch has them, with an offset, a timestamp and its type, a key, a value and headers.
    aiokafka makes a `ConsumerRecord` of each, which costs more than reading it.
    """

    def _consumer_record(self, tp: Any, record: Any) -> Any:
        return record


class _Unpolled(OrderedDict[Any, Any]):
    """The fetched records that no poll has returned yet, by partition."""

    def __setitem__(self, tp: Any, fetched: Any) -> None:
        if isinstance(fetched, FetchResult):
            fetched._partition_records.__class__ = PlainRecords  # the fetcher takes no other class, and makes it itself
        super().__setitem__(tp, fetched)


class UnhurriedFetcher(Fetcher):
    """aiokafka's fetcher, with a pause between fetches: without it, every record or two would take a fetch of all
    partitions.
    """

    apart: float

    async def _proc_fetch_request(self, assignment: Any, node_id: Any, request: Any) -> Any:
        """Fetch, then pause. Until this returns, no other fetch goes to the broker; the next one will ask for the
        partitions that are polled meanwhile, too.
        """
        began = time.monotonic()
        something = await super()._proc_fetch_request(assignment, node_id, request)  # type: ignore[no-untyped-call]
        if something:
            for waiter in self._fetch_waiters:
                self._notify(waiter)  # type: ignore[no-untyped-call]
            with contextlib.suppress(asyncio.CancelledError):  # whoever cancels a fetch waits for its answer
                await asyncio.sleep(max(0.0, began + self.apart - time.monotonic()))
        return something


def make_unhurried(fetcher: Any, apart: float) -> None:
    """Let an aiokafka fetcher return plain records, and fetch again from a broker that had something no sooner than
    ``apart`` seconds after it was last asked.
    """
    if not isinstance(fetcher, UnhurriedFetcher):
        fetcher._records = _Unpolled(fetcher._records)
        fetcher.__class__ = UnhurriedFetcher
        fetcher.apart = apart
