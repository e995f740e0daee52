"""Reading: every poll's records of a partition are one slice, and nothing is read before it is ours."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Protocol

from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from faust.types import TP

from correlator.engine.impatient import make_impatient
from correlator.engine.slices import Slice, TopicPartition

WHILE_FULL = 0.02
"""Seconds between polls while a partition's lane is full: aiokafka wakes a poll for new data only, not for room."""


FETCH_WAIT = 200
"""Milliseconds that the broker may hold a fetch without data. Faust's 1500 hold up every question that waits behind one
on the same connection: offsets and ends, of which taking over asks four."""


class SliceRecord:
    """A slice, dressed as the single record that Faust sees of it, at the offset before the one where reading goes
    on.
    """

    timestamp = timestamp_type = 0
    key = checksum = None
    headers = ()
    serialized_key_size = serialized_value_size = 0

    def __init__(self, slice_: Slice) -> None:
        self.topic, self.partition, self.offset, self.value = slice_.topic, slice_.partition, slice_.end - 1, slice_


class Tenure(Protocol):
    """What the reading needs to know of what this process holds at the moment."""

    @property
    def starts(self) -> Mapping[TopicPartition, int]:
        """From where each stream partition is read; whole before the first of them may be read."""

    @property
    def full(self) -> bool:
        """Whether a lane has no room."""

    def reads(self, tp: TopicPartition) -> bool:
        """Whether the stream partition may be read: it is ours, its start is sought, and its lane has room."""


class WentBack(Exception):
    """The reading of a partition jumped back to what was handed over before: going on would count it twice."""


class SliceThread(AIOKafkaConsumerThread):
    """Faust's consumer thread, reading committed records, a slice a partition and poll.

    A slice ends at the consumer's position. So recovery, which waits for a record at the end of the changelog, also
    gets past a control record there, which nobody ever sees (faust-streaming/faust #47).
    """

    streams: Collection[str] = ()
    """The topics whose offsets transactions carry; the others are changelogs, which Faust's recovery seeks and
    reads."""
    tenure: Tenure | None = None
    _seen: Tenure | None = None
    _handed: dict[TP, int]

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"  # the fetcher is made from these when the consumer starts
        consumer._fetch_max_wait_ms = FETCH_WAIT
        make_impatient(consumer._client)
        return consumer

    async def _fetch_records(
        self, consumer: Any, active_partitions: set[TP], timeout: float | None = None, max_records: int | None = None
    ) -> Any:
        if self.tenure is not None and self.tenure.full:
            timeout = min(timeout or WHILE_FULL, WHILE_FULL)
        readable = Readable(active_partitions or (), self)
        fetched = await super()._fetch_records(consumer, readable, timeout=timeout, max_records=max_records)  # type: ignore[arg-type]
        if not self.consumer.flow_active or self.tenure is None:
            return {}
        if self.tenure is not self._seen:  # everything is told again: recovery may wait for what was told before
            self._seen, self._handed = self.tenure, {}
        return {tp: [SliceRecord(slice_)] for tp, slice_ in self._slices(consumer, self.tenure, readable, fetched)}

    def _slices(
        self, consumer: Any, tenure: Tenure, readable: "Readable", fetched: Mapping[TP, list[Any]]
    ) -> Iterator[tuple[TP, Slice]]:
        subscription = consumer._subscription.subscription
        assignment = None if subscription is None else subscription.assignment
        if assignment is None or not assignment.active:
            return
        # What aiokafka handed over is passed on, whatever became of the room for it since: it will not be read again.
        for tp in {*fetched, *(tp for tp in readable if tp in readable)} & set(assignment.tps):
            state = assignment.state_value(tp)
            if state is None or not state.has_valid_position:
                continue
            records, end = fetched.get(tp) or [], state.position
            start = self._handed.get(tp)
            if tp.topic in self.streams:
                start = tenure.starts[TopicPartition(*tp)] if start is None else start
                if end < start or (records and records[0].offset < start):
                    raise WentBack(f"{tp.topic}-{tp.partition} was read up to {start}, and now from there up to {end}")
            if records or end != start:
                self._handed[tp] = end
                yield tp, Slice(tp.topic, tp.partition, end if start is None else start, end, records)


class Readable(Collection[TP]):
    """The partitions to hand over records of: asked at the moment of handing over, also by a poll that began earlier.

    A copy made when the poll began would be overtaken by a rebalance: Faust resumes the stream partitions before it
    seeks them, with the fetcher running, and what is read then is thrown away.
    """

    def __init__(self, active: Collection[TP], thread: SliceThread) -> None:
        self._active, self._thread = active, thread

    def __contains__(self, tp: object) -> bool:
        if not isinstance(tp, tuple) or tp not in self._active:
            return False
        tp, tenure = TopicPartition(*tp), self._thread.tenure
        return tp.topic not in self._thread.streams or (tenure is not None and tenure.reads(tp))

    def __iter__(self) -> Iterator[TP]:
        return iter(tuple(self._active))

    def __len__(self) -> int:
        return max(1, len(self._active))  # aiokafka takes an empty set for "all"
