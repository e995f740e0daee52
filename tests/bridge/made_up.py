"""Events as a program of one's own would send them to Prefect, under names that nobody else uses."""

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
"""Events a request: all of a request's are in the server's queue, which holds 10,000, before one leaves it."""
SUBJECTS = 40


class Feed:
    """Makes events of one name, and sends them."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self.name = f"faults-{uuid.uuid4().hex[:8]}.happened"
        self.sent = 0
        """How many the server took."""
        self._numbers = itertools.count()
        self._subjects = [f"{uuid.uuid4()}" for _ in range(SUBJECTS)]

    def event(self, age: timedelta = timedelta(), **more: Any) -> Event:
        """One that occurred so long ago; of a flow run, in either way to say so, or of a worker."""
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
        """Send so many, a batch at a time; returns them."""
        events = [self.event(age) for _ in range(count)]
        for some in _batches(events):
            await self.give(some)
        return events

    async def give(self, events: list[Event]) -> None:
        """Send these, in one request."""
        await self.give_again(events)
        self.sent += len(events)

    async def give_again(self, events: list[Event]) -> None:
        """Send what the server has already."""
        await self._api.emit(events)

    @asynccontextmanager
    async def going_on(self, batch: int = 1, every: float = 0.05) -> AsyncIterator[None]:
        """Send without an end, until left. What a server that is away does not take is not sent again."""

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
