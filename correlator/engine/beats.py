"""Beats: the steps of all lanes are published and committed together, one transaction after another."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from correlator.engine.lane import Lane
from correlator.engine.membership import Membership
from correlator.engine.publishing import Entries, Offsets, Producer
from correlator.engine.slices import Step

MAX_ENTRIES: Final = 16_000
"""A beat with so many messages and changes takes no further lanes."""
MAX_BYTES: Final = 32 << 20
"""A beat with so many bytes to publish takes no further lanes: a broker refuses a request of more than
``socket.request.max.bytes``.
"""
MAX_COLLECTING: Final = 0.25
"""Seconds after which a beat takes no further lanes."""
YIELD_AFTER: Final = 0.02
"""Seconds of collecting after which a beat lets others have the event loop."""
GIVE_WAY_AFTER: Final = 0.02
"""Seconds after which a lane whose steps are all empty gives way to the next lane."""


class Share(NamedTuple):
    """A lane's part of a beat: its step."""

    lane: Lane
    step: Step


class _Unprocessed(Exception):
    """A stage failed to make a lane's next step."""

    def __init__(self, lane: Lane, error: Exception) -> None:
        super().__init__(lane.input)
        self.lane, self.error = lane, error


class Beats:
    """Publishes and commits the steps of all lanes of an assignment. `docs/protocol.md` says who may write what, and
    when.

    A transaction for one lane and one record costs nearly as much as one for all lanes and thousands of records. So
    there is a pause between the beginnings of two transactions.
    """

    def __init__(
        self,
        lanes: Iterable[Lane],
        producer: Producer,
        membership: Membership,
        *,
        apart: float,
        fail: Callable[[str, BaseException], None],
    ) -> None:
        """``apart``: the least number of seconds between the beginnings of two beats that publish. ``fail``: ends the
        process; if it is unknown what became of a beat, nothing may go on.
        """
        self._lanes, self._producer, self._membership = deque(lanes), producer, membership
        self._apart, self._fail = apart, fail
        self._began = -apart
        self._wanted = asyncio.Event()
        self._settling = self._closing = False
        self._running = asyncio.create_task(self._run())

    def want(self, *, settle: bool = False) -> None:
        """Note that a lane has something to do. ``settle``: commit the offsets that are owed, even if there is nothing
        to publish.
        """
        self._settling |= settle
        self._wanted.set()

    async def close(self) -> None:
        """Finish the beat in hand, commit the offsets that are owed, and give the lanes up."""
        self._closing = True
        self.want()
        await self._running
        for lane in self._lanes:
            lane.close()

    async def _run(self) -> None:
        try:
            while not self._closing:
                await self._wanted.wait()
                await asyncio.sleep(max(0.0, self._began + self._apart - time.monotonic()))
                self._wanted.clear()
                began = time.monotonic()
                shares = await self._collect(began)
                if shares or self._settling:
                    self._began, self._settling = began, False
                    await self._publish(shares)
                if any(lane.has_more for lane in self._lanes):
                    self.want()
            await self._publish([])
        except _Unprocessed as exc:
            self._fail(f"could not process {exc.lane.input}", exc.error)
        except Exception as exc:  # noqa: BLE001 - whatever it is, it must not be survived
            self._fail("could not commit what was processed", exc)

    async def _collect(self, began: float) -> list[Share]:
        """A step of each lane that has one, until they are enough for a beat. Lanes that are left over come first in
        the next beat.
        """
        shares: list[Share] = []
        size, bytes_, yielded = 0, 0, began
        for _ in range(len(self._lanes)):
            now = time.monotonic()
            if self._closing or size >= MAX_ENTRIES or bytes_ >= MAX_BYTES or now > began + MAX_COLLECTING:
                break
            if now > yielded + YIELD_AFTER:
                await asyncio.sleep(0)
                yielded = time.monotonic()
            lane = self._lanes[0]
            self._lanes.rotate(-1)
            if (step := _next(lane)) is not None:
                shares.append(Share(lane, step))
                size += len(step.messages) + len(step.changes)
                bytes_ += sum(len(message.value or b"") for message in step.messages)
        return shares

    async def _publish(self, shares: list[Share]) -> None:
        """Publish a beat. Every lane in it sends its offset, even if that has not moved: it is what fences the beat."""
        ends = {lane.input: lane.done for lane in self._lanes if lane.owes}
        ends |= {lane.input: step.end for lane, step in shares}
        if not ends:
            return
        entries = [Entries(to, step.changes) for lane, step in shares if (to := lane.changelog) and step.changes]
        messages = (message for _, step in shares for message in step.messages)
        changed = await self._producer.commit(messages, entries, Offsets(self._membership, ends))
        for lane, step in shares:
            lane.committed(step, changed.get(lane.changelog) if lane.changelog else None)
        for lane in self._lanes:
            if lane.input in ends:
                lane.settled(ends[lane.input])


def _next(lane: Lane) -> Step | None:
    """A lane's next step that is not empty; None if it has none yet. Empty steps are done at once."""
    until = time.monotonic() + GIVE_WAY_AFTER
    try:
        while (step := lane.next()) is not None:
            if step.messages or step.changes:
                return step
            lane.committed(step, None)
            if time.monotonic() > until:
                break
    except Exception as error:
        raise _Unprocessed(lane, error) from error
    return None
