"""Beats: what all lanes have is published and committed together, one transaction after the other."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from correlator.engine.lane import Lane
from correlator.engine.membership import Membership
from correlator.engine.publishing import Entries, Offsets, Producer
from correlator.engine.slices import Step

FULL: Final = 16_000
"""Once a beat has so many messages and changes, it takes no more lanes."""
LARGE: Final = 32 << 20
"""The same, of bytes to publish: a broker refuses a request of more than ``socket.request.max.bytes``."""
LONG: Final = 0.25
"""Seconds after which a beat takes no more lanes."""
BREATH: Final = 0.02
"""Seconds after which others may have the event loop, and a lane of which nothing is to be published gives way."""


class Share(NamedTuple):
    """What a lane brings to a beat."""

    lane: Lane
    step: Step


class _Unprocessed(Exception):
    """A stage made no step of what a lane has."""

    def __init__(self, lane: Lane, error: Exception) -> None:
        super().__init__(lane.input)
        self.lane, self.error = lane, error


class Beats:
    """Publishes and commits the steps of all lanes of an assignment. Who may write what, and when: `docs/protocol.md`.

    A transaction costs much the same for one lane as for all, and for one record as for thousands. So none begins
    sooner than some time after the one before.
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
        """``apart``: seconds from the beginning of a beat that publishes to that of the next, at least. ``fail`` ends
        the process: no doubt about a beat may be survived.
        """
        self._lanes, self._producer, self._membership = deque(lanes), producer, membership
        self._apart, self._fail = apart, fail
        self._began = -apart
        self._wanted = asyncio.Event()
        self._settling = self._closing = False
        self._running = asyncio.create_task(self._run())

    def want(self, *, settle: bool = False) -> None:
        """A lane has something to do. ``settle``: what offsets are owed is worth a transaction."""
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
        """A step of each lane that has one, until it is enough for a beat; the others are the first next time."""
        shares: list[Share] = []
        size, bytes_, breathed = 0, 0, began
        for _ in range(len(self._lanes)):
            now = time.monotonic()
            if self._closing or size >= FULL or bytes_ >= LARGE or now > began + LONG:
                break
            if now > breathed + BREATH:
                await asyncio.sleep(0)
                breathed = time.monotonic()
            lane = self._lanes[0]
            self._lanes.rotate(-1)
            if (step := _next(lane)) is not None:
                shares.append(Share(lane, step))
                size += len(step.messages) + len(step.changes)
                bytes_ += sum(len(message.value or b"") for message in step.messages)
        return shares

    async def _publish(self, shares: list[Share]) -> None:
        """Publish a beat. Every lane that takes part sends its offset, moved or not: without it, nothing is fenced."""
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
    """A lane's next step with a result. Empty ones are done at once; where there are many, the lane gives way."""
    until = time.monotonic() + BREATH
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
