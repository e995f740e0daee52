"""A server and a topic in memory, with the parts that reading, sweeping and publishing use. Other tests use
real ones.
"""

from collections.abc import Iterable
from uuid import UUID

import orjson
from msgspec import Raw

from correlator.bridge.answers import Page
from correlator.bridge.api import PAGE_SIZE
from correlator.bridge.server import Server
from correlator.bridge.times import Interval, written
from correlator.engine import Message
from correlator.moments import Moment

NOON = Moment(1_795_694_400_000_000)
"""2026-11-26, 12:00 UTC."""


class Event:
    """An event that a server has."""

    def __init__(self, number: int, occurred: Moment, name: str = "prefect.worker.started") -> None:
        self.id = UUID(int=number)
        self.occurred = occurred
        self.value = orjson.dumps(
            {
                "occurred": written(occurred),
                "event": name,
                "resource": {"prefect.resource.id": "prefect.worker.process.w"},
                "related": [],
                "payload": {},
                "id": str(self.id),
                "received": written(occurred),
            }
        )


class FakeApi:
    """A server that answers as Prefect's does: in the order of `occurred` alone, from a first page on by offsets, with
    a total of its own for each request.
    """

    def __init__(self, events: Iterable[Event] = (), now: Moment = NOON, page: int = PAGE_SIZE) -> None:
        self.server = Server("http://prefect/api")
        self.events = list(events)
        self.now, self._page = now, page
        self.asked: list[Interval] = []
        self.sizes: list[int] = []
        self.meanwhile: list[tuple[int, Event]] = []
        """Events that come late: after how many requests, and which."""

    async def page(self, asked: Interval, limit: int = PAGE_SIZE) -> Page:
        self.asked.append(asked)
        return self._at(asked, 0, min(limit, self._page), self._total(asked))

    async def next(self, page: Page) -> Page:
        since, until, offset, total = map(int, (page.next_page or "").split())
        return self._at(Interval(Moment(since), Moment(until)), offset, self._page, total)

    async def count(self, asked: Interval) -> int:
        return (await self.page(asked, limit=0)).total

    async def estimate(self, asked: Interval) -> int:
        return await self.count(asked)

    def _total(self, asked: Interval) -> int:
        return sum(asked.since <= event.occurred < asked.until for event in self.events)

    def _at(self, asked: Interval, offset: int, limit: int, total: int) -> Page:
        within = sorted(
            (event for event in self.events if asked.since <= event.occurred < asked.until),
            key=lambda event: event.occurred,
        )
        events = within[offset : offset + limit]
        left = offset + limit < total and limit
        next_page = f"{asked.since} {asked.until} {offset + limit} {total}" if left else None
        self.sizes.append(total)
        self.meanwhile = [(count - 1, event) for count, event in self.meanwhile]
        self.events += [event for count, event in self.meanwhile if count == 0]
        return Page([Raw(event.value) for event in events], total, next_page)


class Topic:
    """The target of a producer's transactions, each of which arrives as a whole or not at all."""

    def __init__(self, name: str = "events", position: str = "etl-bridge") -> None:
        self.name, self.position = name, position
        self.messages: list[Message] = []
        self.records: list[tuple[bytes, bytes | None]] = []
        self.fails_after: int | None = None
        """How many transactions are committed before one fails."""

    async def commit(self, messages: Iterable[Message]) -> None:
        if self.fails_after == 0:
            raise ConnectionError("Kafka is away")
        if self.fails_after is not None:
            self.fails_after -= 1
        for message in messages:
            if message.topic == self.position:
                self.records.append((message.key or b"", message.value))
            else:
                self.messages.append(message)

    @property
    def ids(self) -> list[str]:
        return [orjson.loads(message.value or b"")["id"] for message in self.messages]

    def compact(self) -> None:
        """Compact the topic as Kafka does: keep the last record of each key, and nothing of deleted ones."""
        self.records = [(key, value) for key, value in dict(self.records).items() if value is not None]
