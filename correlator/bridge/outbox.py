"""The queue of what waits to be published: events, with the way they came, and what sweeps have read, in order."""

import asyncio
from collections import deque
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

from correlator.bridge.answers import ServerEvent
from correlator.bridge.position import Swept

MAX_EVENTS: Final = 2_000
"""The most events that go out together, unless a single item has more."""

MAX_BYTES: Final = 8 << 20
"""The most bytes that go out together, with the same exception: a transaction must end within its timeout."""

MAX_QUEUED: Final = 100
"""The most items that may wait."""


class Way(StrEnum):
    """The way an event came to us."""

    LIVE = "live"
    SWEPT = "swept"
    RECONCILED = "reconciled"


class Arrivals(NamedTuple):
    """Events that came from the server in one way."""

    events: Sequence[ServerEvent]
    way: Way


Item: TypeAlias = Arrivals | Swept


class Outbox:
    """A queue of items. The publisher takes all that wait, up to a bound."""

    def __init__(self) -> None:
        self._items = deque[Item]()
        self._put = self._published = 0
        """How many items have been put, and how many of them published."""
        self._changed = asyncio.Condition()

    @property
    def waits(self) -> bool:
        """Whether any item is not published yet."""
        return self._published < self._put

    async def put(self, item: Item) -> None:
        """Add an item, waiting for room if there is none."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._items) < MAX_QUEUED)
            self._add(item)

    async def offer(self, item: Item) -> bool:
        """Add an item if there is room; returns whether there was."""
        async with self._changed:
            if len(self._items) >= MAX_QUEUED:
                return False
            self._add(item)
            return True

    async def take(self) -> list[Item]:
        """Wait for an item, then take all that wait, up to a bound."""
        async with self._changed:
            await self._changed.wait_for(lambda: bool(self._items))
            taken, events, size = list[Item](), 0, 0
            while self._items and events < MAX_EVENTS and size < MAX_BYTES:
                taken.append(item := self._items.popleft())
                if isinstance(item, Arrivals):
                    events += len(item.events)
                    size += sum(len(event.value) for event in item.events)
            self._changed.notify_all()
            return taken

    async def published(self, items: Sequence[Item]) -> None:
        """Note that these items, which were taken, are published."""
        async with self._changed:
            self._published += len(items)
            self._changed.notify_all()

    async def until_published(self) -> None:
        """Wait until every item put before this call is published."""
        async with self._changed:
            put = self._put
            await self._changed.wait_for(lambda: self._published >= put)

    def _add(self, item: Item) -> None:
        self._items.append(item)
        self._put += 1
        self._changed.notify_all()
