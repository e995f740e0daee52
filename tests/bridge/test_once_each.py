"""Whatever the live stream drops, whatever comes late, however often the bridge or Kafka fails: each event is in the
topic once, and none is missing. Server and topic are in memory here; `test_nothing_missing.py` uses real ones.
"""

import asyncio
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from correlator.bridge import answers
from correlator.bridge.outbox import Arrivals, Outbox, Way
from correlator.bridge.position import Position, Swept
from correlator.bridge.publishing import Committed, Publisher, Topics
from correlator.bridge.sweeping import Sweeper
from correlator.moments import HOUR, MINUTE, SECOND, Span
from correlator.topics import Room
from tests.bridge.fakes import NOON, Event, FakeApi, Topic

WINDOW = 2 * HOUR
LATE = st.sampled_from([Span(0), SECOND, 20 * SECOND, 3 * MINUTE, 40 * MINUTE, 70 * MINUTE])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("arrive"), st.lists(st.tuples(LATE, st.booleans()), min_size=1, max_size=80)),
        st.tuples(st.just("pass"), st.integers(1, 45)),
        st.tuples(st.just("sweep"), st.none()),
        st.tuples(st.just("crash"), st.integers(0, 3)),
        st.tuples(st.just("lose"), st.none()),
    ),
    max_size=25,
)


class Session:
    """A bridge from its start to its end, with everything that it holds in memory."""

    def __init__(self, api: FakeApi, topic: Topic, done: list[Committed]) -> None:
        self.outbox = Outbox()
        position = Position.recovered(topic.records, WINDOW)
        self.is_new = position is None
        position = position or Position(NOON, WINDOW)
        topics = Topics(topic.name, Room(3, 1 << 20), topic.position)
        self.publisher = Publisher(topic, position, self.outbox, topics, done.append)
        self.sweeper = Sweeper(api, position, self.outbox)

    async def hear(self, event: Event) -> None:
        await self.do(self.outbox.put(Arrivals([answers.event(Raw(event.value))], Way.LIVE)))

    async def sweep(self) -> None:
        await self.do(self.sweeper.sweep(Way.RECONCILED))

    async def do(self, what) -> None:
        """Do something while everything that waits is published. Raises what publishing raises."""
        async with asyncio.timeout(30):
            await self._do(what)

    async def _do(self, what) -> None:
        publishing = asyncio.ensure_future(self.publisher.run())
        doing = asyncio.ensure_future(what)
        await asyncio.wait({publishing, doing}, return_when=asyncio.FIRST_COMPLETED)
        if not publishing.done():
            await asyncio.wait(
                {publishing, asyncio.ensure_future(self.outbox.until_published())}, return_when=asyncio.FIRST_COMPLETED
            )
        for task in (publishing, doing):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


class World:
    """A server to which events come, and bridges that come and go."""

    def __init__(self) -> None:
        self.api, self.topic, self.done = FakeApi(now=NOON + MINUTE), Topic(), list[Committed]()
        self.unswept = 0
        self.session: Session | None = None

    async def at_work(self) -> Session:
        if self.session is None:
            self.session = Session(self.api, self.topic, self.done)
            if self.session.is_new:
                await self.session.publisher.publish([Swept(NOON, {})])
            await self.session.sweep()
        return self.session

    async def arrive(self, events) -> None:
        for late, heard in events:
            event = Event(len(self.api.events) + 1, max(NOON, self.api.now - late))
            self.api.events.append(event)
            if heard:
                try:
                    await (await self.at_work()).hear(event)
                except ConnectionError:
                    await self.crash(None)

    async def pass_(self, count: int) -> None:
        self.unswept += count
        if self.unswept > 45:  # the window is two hours, the latest 70 minutes late
            await self.sweep(None)
            self.unswept = count
        self.api.now += count * MINUTE

    async def sweep(self, _) -> None:
        self.unswept = 0
        try:
            await (await self.at_work()).sweep()
        except ConnectionError:
            await self.crash(None)
            await self.sweep(None)

    async def crash(self, transactions) -> None:
        """Let Kafka fail after some more transactions, or the bridge at once."""
        self.topic.fails_after = transactions
        if transactions is None:
            self.session = None
        self.topic.compact()

    async def lose(self, _) -> None:
        self.session = None


@given(STEPS)
async def test_each_event_is_in_the_topic_once(steps):
    world = World()
    await world.topic.commit([])
    await world.at_work()
    for step, argument in steps:
        with suppress(ConnectionError):
            await getattr(world, {"pass": "pass_"}.get(step, step))(argument)
            continue
        await world.crash(None)
    world.topic.fails_after = None
    world.session = None
    await (await world.at_work()).sweep()
    assert sorted(world.topic.ids) == sorted(str(event.id) for event in world.api.events)
    assert sum(len(done.published) for done in world.done) == len(world.topic.ids)


async def test_what_the_stream_dropped_counts_as_reconciled():
    world = World()
    await world.at_work()
    await world.arrive([(Span(0), True), (Span(0), False)])
    await world.sweep(None)
    ways = [way for done in world.done for _, way in done.published]
    assert sorted(ways) == [Way.LIVE, Way.RECONCILED]


async def test_a_quiet_window_takes_a_few_requests():
    world = World()
    await world.arrive([(Span(0), False)] * 200)
    await world.pass_(40)
    await world.sweep(None)
    await world.pass_(40)
    await world.sweep(None)
    before = len(world.api.sizes)
    await world.sweep(None)
    assert len(world.api.sizes) - before <= 4, "one count says that nothing came late"


async def test_one_late_event_has_few_minutes_read_again():
    world = World()
    for _ in range(60):
        await world.arrive([(Span(0), False)] * 60)
        await world.pass_(1)
    await world.sweep(None)
    await world.pass_(2)
    await world.sweep(None)
    asked = len(world.api.asked)
    await world.arrive([(40 * MINUTE, False)])
    await world.sweep(None)
    assert len(world.api.asked) - asked < 20
    assert sorted(world.topic.ids) == sorted(str(event.id) for event in world.api.events)


async def test_an_event_too_large_for_the_topic_is_left_out_once_and_named(caplog):
    world = World()
    session = await world.at_work()
    large, small = Event(1, NOON, "prefect.worker." + "x" * (1 << 20)), Event(2, NOON)
    world.api.events += [large, small]
    await session.sweep()
    await session.sweep()
    assert world.topic.ids == [str(small.id)]
    assert sum(done.oversized for done in world.done) == 1
    assert f"The event {large.id}" in caplog.text


async def test_what_is_published():
    world = World()
    event = Event(7, NOON)
    world.api.events.append(event)
    await (await world.at_work()).sweep()
    (message,) = world.topic.messages
    assert message.value == event.value
    assert message.key == b"prefect.worker.process.w"
    assert message.headers == [("event", b"prefect.worker.started"), ("occurred", b"2026-11-26T12:00:00+00:00")]
