"""Made-up events, sent to Prefect as a user's program would, under names that no other test uses."""

import asyncio
import itertools
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from sessions.api import Api, Refused

Event = dict[str, Any]

BATCH = 250
"""Events per request: all of them enter the server's queue, which holds 10,000, before any leaves it."""
SUBJECTS = 40


class Feed:
    """Makes events of one name, and sends them."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self.name = f"faults-{uuid.uuid4().hex[:8]}.happened"
        self.sent = 0
        """How many events the server accepted."""
        self._numbers = itertools.count()
        self._subjects = [f"{uuid.uuid4()}" for _ in range(SUBJECTS)]

    def event(self, age: timedelta = timedelta(), **more: Any) -> Event:
        """An event that occurred ``age`` ago, of a flow run, named in either way, or of a worker."""
        number = next(self._numbers)
        subject = self._subjects[number % SUBJECTS]
        run = {"prefect.resource.id": f"prefect.flow-run.{subject}", "prefect.resource.name": "gründlich-ßeagull"}
        worker = {"prefect.resource.id": f"prefect.worker.process.{subject}", "prefect.resource.name": subject}
        return {
            "id": f"{uuid.uuid4()}",
            "event": self.name,
            "occurred": (datetime.now(UTC) - age).isoformat(),
            "resource": run if number % 3 == 0 else worker,
            "related": [{**run, "prefect.resource.role": "flow-run"}] if number % 3 == 1 else [],
            "payload": {"number": number, "of": 'é€😀 \\ " \u2028', "nothing": None, "third": 1 / 3, "large": 2**53},
            **more,
        }

    async def send(self, count: int = 1, age: timedelta = timedelta()) -> list[Event]:
        """Send ``count`` events in batches, and return them."""
        events = [self.event(age) for _ in range(count)]
        for some in _batches(events):
            await self.give(some)
        return events

    async def give(self, events: list[Event]) -> None:
        """Send events in one request."""
        await self.give_again(events)
        self.sent += len(events)

    async def give_again(self, events: list[Event]) -> None:
        """Send events that the server already has."""
        await self._api.emit(events)

    @asynccontextmanager
    async def going_on(self, batch: int = 1, every: float = 0.05) -> AsyncIterator[None]:
        """Keep sending until the block is left. Events that an absent server does not accept are not sent again."""

        async def go_on() -> None:
            while True:
                with suppress(Refused):
                    await self.give([self.event() for _ in range(batch)])
                await asyncio.sleep(every)

        task = asyncio.create_task(go_on())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def _batches(events: list[Event]) -> list[list[Event]]:
    return [events[start : start + BATCH] for start in range(0, len(events), BATCH)]
