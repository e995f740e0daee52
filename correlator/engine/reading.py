"""Reading: a poll's records of a partition are one slice, and only partitions that were taken over are read."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Protocol

from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from faust.types import TP

from correlator.engine.fetching import make_unhurried
from correlator.engine.impatient import make_impatient
from correlator.engine.slices import Slice, TopicPartition

WHILE_FULL = 0.02
"""Seconds between polls while a lane is full: aiokafka wakes a poll for new data only, not for room."""

FETCH_WAIT = 500
"""Milliseconds that the broker may hold a fetch without data, and every request behind it on the same connection."""


class SliceRecord:
    """A slice in the shape of a record, which is all that Faust sees of it; its offset is the slice's last one."""

    timestamp = timestamp_type = 0
    key = checksum = None
    headers = ()
    serialized_key_size = serialized_value_size = 0

    def __init__(self, slice_: Slice) -> None:
        self.topic, self.partition, self.offset, self.value = slice_.topic, slice_.partition, slice_.end - 1, slice_


class ReadHolding(Protocol):
    """What reading must know of the current holding."""

    @property
    def starts(self) -> Mapping[TopicPartition, int]:
        """Where the reading of each stream partition begins; complete before any of them may be read."""

    @property
    def full(self) -> bool:
        """Whether any lane has no room."""

    def reads(self, tp: TopicPartition) -> bool:
        """Whether a stream partition may be read: it is taken over, its start is sought, and its lane has room."""


class WentBack(Exception):
    """The reading of a partition jumped back to before what was handed over. Going on would process records twice."""


class SliceThread(AIOKafkaConsumerThread):
    """Faust's consumer thread; it reads committed records, and makes a slice of each partition of a poll.

    A slice ends at the consumer's position, so recovery, which waits for a record at the end of the changelog, also
    gets past a control record there, which is never returned (faust-streaming/faust #47).
    """

    streams: Collection[str] = ()
    """The topics that stages read. The others are changelogs, which Faust's recovery seeks and reads."""
    hand_over: Callable[[ReadHolding, list[Slice]], None]
    """Receives the slices of stream partitions, in the app's event loop. Faust gets only those of changelogs: it would
    make two tasks of each slice."""
    fetches_apart: float
    lookup_timeout: float
    holding: ReadHolding | None = None
    _seen: ReadHolding | None = None
    _handed: dict[TP, int]

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"  # the fetcher is made from these when the consumer starts
        consumer._fetch_max_wait_ms = FETCH_WAIT
        consumer._request_timeout_ms = round(self.lookup_timeout * 1000)
        make_impatient(consumer._client)
        return consumer

    async def _fetch_records(
        self, consumer: Any, active_partitions: set[TP], timeout: float | None = None, max_records: int | None = None
    ) -> Any:
        if self.holding is not None and self.holding.full:
            timeout = min(timeout or WHILE_FULL, WHILE_FULL)
        make_unhurried(consumer._fetcher, self.fetches_apart)
        readable = Readable(active_partitions or (), self)
        fetched = await super()._fetch_records(consumer, readable, timeout=timeout, max_records=max_records)  # type: ignore[arg-type]
        holding = self.holding  # as of now: the app's thread may change it meanwhile
        if not self.consumer.flow_active or holding is None:
            return {}
        if holding is not self._seen:  # recovery may wait for a position that was handed over before
            self._seen, self._handed = holding, {}
        slices = list(self._slices(consumer, holding, readable, fetched))
        if ours := [slice_ for tp, slice_ in slices if tp.topic in self.streams]:
            self.consumer.loop.call_soon_threadsafe(self.hand_over, holding, ours)
        return {tp: [SliceRecord(slice_)] for tp, slice_ in slices if tp.topic not in self.streams}

    def _slices(
        self, consumer: Any, holding: ReadHolding, readable: "Readable", fetched: Mapping[TP, list[Any]]
    ) -> Iterator[tuple[TP, Slice]]:
        subscription = consumer._subscription.subscription
        assignment = None if subscription is None else subscription.assignment
        if assignment is None or not assignment.active:
            return
        # What aiokafka returned must be passed on, even if its lane has filled up since: it will not be read again.
        for tp in {*fetched, *(tp for tp in readable if tp in readable)} & set(assignment.tps):
            state = assignment.state_value(tp)
            if state is None or not state.has_valid_position:
                continue
            records, end = fetched.get(tp) or [], state.position
            start = self._handed.get(tp)
            if tp.topic in self.streams:
                start = holding.starts[TopicPartition(*tp)] if start is None else start
                if end < start or (records and records[0].offset < start):
                    raise WentBack(f"{tp.topic}-{tp.partition} was read up to {start}, and now from there up to {end}")
            if records or end != start:
                self._handed[tp] = end
                yield tp, Slice(tp.topic, tp.partition, end if start is None else start, end, records)


class Readable(Collection[TP]):
    """The partitions whose records may be returned, evaluated at the time of returning, not when the poll began.

    A copy made at the beginning of a poll would be out of date after a rebalance: Faust resumes the stream partitions
    before it seeks them, with the fetcher running, and throws away what is read then.
    """

    def __init__(self, active: Collection[TP], thread: SliceThread) -> None:
        self._active, self._thread = active, thread

    def __contains__(self, tp: object) -> bool:
        if not isinstance(tp, tuple) or tp not in self._active:
            return False
        tp, holding = TopicPartition(*tp), self._thread.holding
        return tp.topic not in self._thread.streams or (holding is not None and holding.reads(tp))

    def __iter__(self) -> Iterator[TP]:
        return iter(tuple(self._active))

    def __len__(self) -> int:
        return max(1, len(self._active))  # aiokafka takes an empty set for "all"
