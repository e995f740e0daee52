"""Fakes of the engine's surroundings for unit tests. Each does what a test tells it to, and remembers what it was
asked.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import pytest

from correlator.engine import MAX_BATCH, MemoryStore, Message, Options, Slice, Step
from correlator.engine.kafka import Extent, Fetched
from correlator.engine.membership import Membership
from correlator.engine.publishing import Entries, Offsets
from correlator.engine.roster import Described, DescribedMember
from correlator.engine.slices import Changes, TopicPartition

INPUT = TopicPartition("input", 3)
CHANGELOG = "changelog"
MEMBER = Membership("unit", 7, "member-1", None)

OPTIONS = Options(
    "unit",
    "unit-worker:",
    {"bootstrap_servers": ["127.0.0.1:1"]},
    slice_records=4000,
    session_timeout=30.0,
    instance_id=None,
    stall_limit=300.0,
    max_batch=MAX_BATCH,
    datadir=".",
)
"""The app of an engine that is never started: several Faust apps in one process hang."""


class Record(NamedTuple):
    """A record as the consumer returns it."""

    offset: int
    key: bytes | None = b"key"
    value: bytes | None = b"value"
    timestamp: int = 0
    timestamp_type: int = 0
    headers: tuple[tuple[str, bytes], ...] = ()


def a_slice(start: int, end: int, *, without: Iterable[int] = (), of: TopicPartition = INPUT) -> Slice:
    """A slice with a record at each offset, except those of markers and of aborted records."""
    return Slice(*of, start, end, [Record(offset) for offset in range(start, end) if offset not in set(without)])


def a_message(value: bytes = b"published") -> Message:
    return Message("output", 0, b"key", value, [])


def changing(end: int, **changes: bytes | None) -> Step:
    """A step with a message and changes."""
    return Step([a_message()], {key.encode(): value for key, value in changes.items()}, end)


class Beat(NamedTuple):
    """What a transaction committed."""

    messages: list[Message]
    changes: dict[TopicPartition, Changes]
    ends: dict[TopicPartition, int]
    membership: Membership


class Producer:
    """Commits at once, or when it is let to, one transaction at a time."""

    client: Any = None

    def __init__(self) -> None:
        self.begun: list[Beat] = []
        self.committed: list[Beat] = []
        self.last: dict[TopicPartition, int] = {}
        """The offset of the last change, by changelog."""
        self._under_way: asyncio.Future[None] | None = None
        self._held = False

    def hold(self) -> None:
        """Let no commit finish from now on."""
        self._held = True

    async def let_one_go(self, error: Exception | None = None) -> None:
        """Let the commit under way finish or fail, and everything go on."""
        assert self._under_way is not None, "nothing is under way"
        under_way, self._under_way = self._under_way, None
        if error is None:
            under_way.set_result(None)
        else:
            under_way.set_exception(error)
        await settled()

    async def let_go(self) -> None:
        """Hold nothing any more."""
        self._held = False
        if self._under_way is not None:
            await self.let_one_go()

    @property
    def is_busy(self) -> bool:
        return self._under_way is not None

    async def commit(
        self, messages: Iterable[Message], entries: Iterable[Entries] = (), offsets: Offsets | None = None
    ) -> dict[TopicPartition, int]:
        assert len(self.begun) == len(self.committed), "two at a time"
        assert offsets is not None, "nobody would be fenced"
        beat = Beat(list(messages), dict(entries), dict(offsets.ends), offsets.membership)
        assert beat.ends, "nobody would be fenced"
        assert all(beat.changes.values()), "an entry without changes"
        self.begun.append(beat)
        await asyncio.sleep(0)
        if self._held:
            self._under_way = asyncio.get_running_loop().create_future()
            await self._under_way
        self.committed.append(beat)
        for changelog, changes in beat.changes.items():
            self.last[changelog] = self.last.get(changelog, 99) + len(changes)
        return {changelog: self.last[changelog] for changelog in beat.changes}


class Table:
    """A table as a lane sees it."""

    changelog_topic_name = CHANGELOG

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.warning: str | None = None

    def get_committed(self, partition: int, key: bytes) -> bytes | None:
        return self.store.get(partition, key)

    def reconcile(self, partition: int, beginning: int, end: int) -> str | None:
        return self.warning

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
    """A Kafka whose partitions hold what a test says. It remembers the seeks."""

    def __init__(self) -> None:
        self.held: dict[TopicPartition, Extent] = {}
        self.sought: dict[TopicPartition, int] = {}
        self.last: dict[TopicPartition, Fetched] = {}

    async def extents(self, *tps: TopicPartition) -> dict[TopicPartition, Extent]:
        return {tp: self.held.get(tp, Extent(0, 100)) for tp in tps}

    async def read_from(self, offsets: dict[TopicPartition, int]) -> None:
        self.sought |= offsets

    def fetched(self, tp: TopicPartition) -> Fetched:
        return self.last.get(tp, Fetched())


class Brokers:
    """Brokers with the committed offsets that a test says, once they are settled."""

    def __init__(self) -> None:
        self.committed: dict[TopicPartition, int | None] = {}
        self.settled = asyncio.Event()
        self.settled.set()
        self.refusal: Exception | None = None

    async def settled_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int | None]:
        await self.settled.wait()
        if self.refusal is not None:
            raise self.refusal
        return {tp: self.committed.get(tp) for tp in partitions}

    async def group(self) -> Described:
        return Described("Stable", [DescribedMember("m", "client", "/127.0.0.1", b"", b"")])


class Clock:
    """A clock that a test moves, for a module that takes the time from ``time`` and ``asyncio``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> None:
        self.now = 1000.0
        self._sleeping: list[tuple[float, asyncio.Future[None]]] = []
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: self.now), raising=False)
        monkeypatch.setattr(module, "asyncio", SimpleNamespace(**(vars(asyncio) | {"sleep": self._sleep})))

    async def go_on(self, seconds: float) -> None:
        """Move the clock, and let everything do what is due by then."""
        self.now += seconds
        for due, sleeping in self._sleeping:
            if due <= self.now + 1e-9 and not sleeping.done():
                sleeping.set_result(None)
        await settled()

    async def _sleep(self, seconds: float) -> None:
        if seconds > 0:
            sleeping = asyncio.get_running_loop().create_future()
            self._sleeping.append((self.now + seconds, sleeping))
            await sleeping
        else:
            await asyncio.sleep(0)


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
