"""What waits to be published: events by the way that they came, and what was swept, in the order in which it came."""

import asyncio
from collections import deque
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

from correlator.bridge.answers import ServerEvent
from correlator.bridge.position import Swept

MAX_EVENTS: Final = 2_000
"""Events that go out together, at most, but for those of one item."""

MAX_BYTES: Final = 8 << 20
"""Bytes likewise: what goes out together must be through within a transaction's time."""

MAX_QUEUED: Final = 100
"""Items that may wait."""


class Way(StrEnum):
    """How an event came to us."""

    LIVE = "live"
    SWEPT = "swept"
    RECONCILED = "reconciled"


class Arrivals(NamedTuple):
    """Events from the server."""

    events: Sequence[ServerEvent]
    way: Way


Item: TypeAlias = Arrivals | Swept


class Outbox:
    """A queue of items, of which whoever publishes takes all that wait."""

    def __init__(self) -> None:
        self._items = deque[Item]()
        self._put = self._published = 0
        """How many items were."""
        self._changed = asyncio.Condition()

    @property
    def waits(self) -> bool:
        """Whether anything is not published yet."""
        return self._published < self._put

    async def put(self, item: Item) -> None:
        """Add an item, once there is room."""
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
        """All that waits, up to a bound; at least one item."""
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
        """These, which were taken, are published."""
        async with self._changed:
            self._published += len(items)
            self._changed.notify_all()

    async def until_published(self) -> None:
        """Wait until all that was put before is published."""
        async with self._changed:
            put = self._put
            await self._changed.wait_for(lambda: self._published >= put)

    def _add(self, item: Item) -> None:
        self._items.append(item)
        self._put += 1
        self._changed.notify_all()
