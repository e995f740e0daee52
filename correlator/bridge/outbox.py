"""What waits to be published: events by the way that they came, and what was swept, in the order in which it came."""

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

from correlator.bridge.answers import Told
from correlator.bridge.position import Swept

MOST: Final = 2_000
"""Events that go out together, at most, but for those of one item."""

WAITING: Final = 40
"""Items that may wait: whoever brings more waits, too."""


class Way(StrEnum):
    """How an event came to us."""

    LIVE = "live"
    SWEPT = "swept"
    RECONCILED = "reconciled"


class Heard(NamedTuple):
    """Events from the server."""

    events: Sequence[Told]
    way: Way


Item: TypeAlias = Heard | Swept


class Outbox:
    """A queue of items, of which whoever publishes takes all that wait."""

    def __init__(self) -> None:
        self._queue = asyncio.Queue[Item](WAITING)

    async def put(self, item: Item) -> None:
        """Add an item, once there is room."""
        await self._queue.put(item)

    async def take(self) -> list[Item]:
        """All that waits, up to a bound; at least one item."""
        items = [await self._queue.get()]
        size = _size(items[0])
        while size < MOST and not self._queue.empty():
            items.append(self._queue.get_nowait())
            size += _size(items[-1])
        return items

    def done(self, items: Sequence[Item]) -> None:
        """These are published."""
        for _ in items:
            self._queue.task_done()

    async def empty(self) -> None:
        """Wait until all that was put is published."""
        await self._queue.join()

    @property
    def waits(self) -> bool:
        """Whether anything is not published yet."""
        return bool(self._queue._unfinished_tasks)  # type: ignore[attr-defined]


def _size(item: Item) -> int:
    return len(item.events) if isinstance(item, Heard) else 0
