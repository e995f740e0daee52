"""Publishes what waits in the outbox, together with the position, in one transaction after another."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from correlator.bridge.answers import ServerEvent
from correlator.bridge.outbox import Arrivals, Item, Outbox, Way
from correlator.bridge.position import Position, Swept
from correlator.engine import OVERHEAD, Message, Producer
from correlator.partitioner import partition_for
from correlator.topics import Room

STOP_TIMEOUT: Final = 5.0
"""Seconds that the current transaction has to end in once the bridge is stopped."""

_log = logging.getLogger(__name__)


class Topics(NamedTuple):
    """The topics for events and for the position."""

    events: str
    room: Room
    position: str


class Committed(NamedTuple):
    """A committed transaction: the events published, and how many were left out as too large."""

    published: Sequence[tuple[ServerEvent, Way]]
    oversized: int


class Publisher:
    """Takes what waits, publishes the events that are new, and keeps the position."""

    def __init__(
        self,
        producer: Producer,
        position: Position,
        outbox: Outbox,
        topics: Topics,
        on_commit: Callable[[Committed], object],
    ) -> None:
        """``on_commit`` is called with every transaction that is committed."""
        self._producer, self._position, self._outbox = producer, position, outbox
        self._topics, self._on_commit = topics, on_commit
        self._began = time.monotonic()

    @property
    def takes(self) -> float:
        """Seconds since the current transaction began."""
        return time.monotonic() - self._began

    async def run(self) -> None:
        """Publish until cancelled. Raises what `Producer.commit` raises: this position must not be used after that."""
        while True:
            items = await self._outbox.take()
            publishing = asyncio.ensure_future(self.publish(items))
            try:
                await asyncio.shield(publishing)
            except asyncio.CancelledError:  # an open transaction would keep readers of committed records waiting
                await asyncio.wait({publishing}, timeout=STOP_TIMEOUT)
                raise
            await self._outbox.published(items)

    async def publish(self, items: Iterable[Item]) -> None:
        """Publish some items in one transaction."""
        events: list[ServerEvent] = []
        ways: dict[bytes, Way] = {}
        swept: list[Swept] = []
        for item in items:
            if isinstance(item, Arrivals):
                events += item.events
                for event in item.events:
                    ways.setdefault(event.id, item.way)
            else:
                swept.append(item)
        fresh = self._position.fresh(events)
        fitting = [event for event in fresh if self._fits(event)]
        messages = [self._message(event) for event in fitting]
        for key, value in self._position.take(fresh, swept):
            messages.append(Message(self._topics.position, 0, key, value, []))
        self._began = time.monotonic()
        if messages:
            await self._producer.commit(messages)
        self._on_commit(Committed([(event, ways[event.id]) for event in fitting], len(fresh) - len(fitting)))

    def _fits(self, event: ServerEvent) -> bool:
        """Whether an event fits the topic. A record that the broker refuses would hold up all others."""
        if len(event.subject) + len(event.value) + len(event.name) + OVERHEAD <= self._topics.room.max_message_bytes:
            return True
        _log.error(
            "The event %s (%s) is left out, as its %s bytes are too many for %s: raise that topic's max.message.bytes.",
            UUID(bytes=event.id),
            event.name,
            f"{len(event.value):,}",
            self._topics.events,
        )
        return False

    def _message(self, event: ServerEvent) -> Message:
        key = event.subject.encode()
        headers = [("event", event.name.encode()), ("occurred", event.written.encode())]
        return Message(self._topics.events, partition_for(key, self._topics.room.partitions), key, event.value, headers)
