"""What stands around the engine's parts in the unit tests: each does what it is told, and remembers it."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from correlator.engine import MAX_BATCH, MemoryStore, Message, Options, Slice, Step
from correlator.engine.kafka import Extent, Fetched
from correlator.engine.slices import Changes, TopicPartition

INPUT = TopicPartition("input", 3)
CHANGELOG = "changelog"

OPTIONS = Options(
    "unit",
    {"bootstrap_servers": ["127.0.0.1:1"]},
    slice_records=4000,
    session_timeout=30.0,
    instance_id=None,
    stall_limit=300.0,
    max_batch=MAX_BATCH,
    datadir=".",
)
"""Of an engine that is never started: several Faust apps in a process hang."""


class Record(NamedTuple):
    """A record as the consumer returns it."""

    offset: int
    key: bytes | None = b"key"
    value: bytes | None = b"value"
    timestamp: int = 0
    timestamp_type: int = 0
    headers: tuple[tuple[str, bytes], ...] = ()


def a_slice(start: int, end: int, *, without: Iterable[int] = (), of: TopicPartition = INPUT) -> Slice:
    """A slice with a record at each offset, but for those of markers and of aborted records."""
    return Slice(*of, start, end, [Record(offset) for offset in range(start, end) if offset not in set(without)])


def a_message(value: bytes = b"published") -> Message:
    return Message("output", 0, b"key", value, [])


def changing(end: int, **changes: bytes | None) -> Step:
    """A transaction with a message and changes."""
    return Step([a_message()], {key.encode(): value for key, value in changes.items()}, end)


class Publisher:
    """Publishes at once, or when it is let to."""

    def __init__(self) -> None:
        self.begun: list[Step] = []
        self.published: list[Step] = []
        self.changelogs: list[TopicPartition | None] = []
        self.calls: list[str] = []
        self.refusal: Exception | None = None
        self._offset = 100
        self._until: asyncio.Future[None] | None = None
        self._held = False

    def hold(self) -> None:
        """Finish nothing from now on."""
        self._held = True

    async def let_one_go(self, error: Exception | None = None) -> None:
        """Finish the one that is under way, and let the lane go on."""
        assert self._until is not None, "nothing is under way"
        until, self._until = self._until, None
        if error is None:
            until.set_result(None)
        else:
            until.set_exception(error)
        await settled()

    async def let_go(self) -> None:
        """Hold nothing any more."""
        self._held = False
        if self._until is not None:
            await self.let_one_go()

    async def publish(self, transaction: Step, changelog: TopicPartition | None) -> int | None:
        assert len(self.begun) == len(self.published), "two at a time"
        self.begun.append(transaction)
        self.changelogs.append(changelog)
        await asyncio.sleep(0)
        if self._held:
            self._until = asyncio.get_running_loop().create_future()
            await self._until
        self.published.append(transaction)
        if not transaction.changes:
            return None
        self._offset += len(transaction.changes)
        return self._offset

    async def start(self) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.calls.append("start")

    async def stop(self) -> None:
        self.calls.append("stop")


class Table:
    """A table as a lane sees it."""

    changelog_topic_name = CHANGELOG

    def __init__(self) -> None:
        self.store = MemoryStore()

    def get_committed(self, partition: int, key: bytes) -> bytes | None:
        return self.store.get(partition, key)

    def reconcile(self, partition: int, beginning: int, end: int) -> str | None:
        return None

    def commit(self, partition: int, changes: Changes, offset: int | None) -> None:
        self.store.apply(partition, changes.items(), offset)


class Stage:
    """Remembers what it is asked, and answers as it is told."""

    def __init__(self) -> None:
        self.slices: list[Slice] = []
        self.idled: list[tuple[int, int, bool]] = []
        self.calls: list[str] = []
        self.decide: Callable[[Slice], Iterable[Step]] = lambda slice_: [changing(slice_.end, k=b"v")]
        self.at_first: Iterable[Step] = ()
        self.when_idle: Iterable[Step] = ()

    def assigned(self, partition: int, end: int) -> Iterator[Step]:
        self.calls.append(f"assigned {partition} from {end}")
        return iter(self.at_first)

    def revoked(self, partition: int) -> None:
        self.calls.append(f"revoked {partition}")

    def __call__(self, slice_: Slice) -> Iterator[Step]:
        self.slices.append(slice_)
        yield from self.decide(slice_)

    def idle(self, partition: int, end: int, *, caught_up: bool) -> Iterator[Step]:
        self.idled.append((partition, end, caught_up))
        return iter(self.when_idle)

    @property
    def bounds(self) -> list[tuple[int, int]]:
        return [(slice_.start, slice_.end) for slice_ in self.slices]


class Kafka:
    """What is committed of partitions and what they hold, as a test wants it; remembers what was sought."""

    def __init__(self) -> None:
        self.committed: dict[TopicPartition, int | None] = {}
        self.held: dict[TopicPartition, Extent] = {}
        self.sought: dict[TopicPartition, int] = {}
        self.last: dict[TopicPartition, Fetched] = {}

    async def extents(self, *tps: TopicPartition) -> dict[TopicPartition, Extent]:
        return {tp: self.held.get(tp, Extent(0, 100)) for tp in tps}

    async def read_from_committed(self, *tps: TopicPartition) -> dict[TopicPartition, int | None]:
        return {tp: self.committed.get(tp) for tp in tps}

    async def read_from(self, offsets: dict[TopicPartition, int]) -> None:
        self.sought |= offsets

    def fetched(self, tp: TopicPartition) -> Fetched:
        return self.last.get(tp, Fetched())


class Failures:
    """The engine's ``fail``, which in the product ends the process."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, BaseException]] = []

    def __call__(self, what: str, exc: BaseException) -> None:
        self.seen.append((what, exc))


async def settled(turns: int = 20) -> None:
    """Let every task go on until it waits for something."""
    for _ in range(turns):
        await asyncio.sleep(0)


def unused(*_: Any, **__: Any) -> Any:
    raise AssertionError("not to be called")
