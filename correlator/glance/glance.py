"""A look at the whole stage: this worker's own part, those of the others, and what becomes of them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

from correlator import page
from correlator.address import Reached, reached
from correlator.engine import Member
from correlator.glance.asking import STRANGE, Answer, Workers
from correlator.glance.merging import Told, Whole, merged
from correlator.glance.part import Foreign, Part, Unreadable, packed, unpacked
from correlator.glance.viewing import viewed
from correlator.glance.written import written
from correlator.moments import Moment

LASTS: Final = 1.0
"""Seconds for which one look is as good as another: however many people look, each worker is asked once in them."""

NOWHERE: Final = "does not say where its web port is"
ANOTHER: Final = "is not who answers at its address"
ANOTHER_RELEASE: Final = "is of another release, which this one cannot read"

T = TypeVar("T")


class Us(NamedTuple):
    """This worker, and the stage that it is of."""

    app_id: str
    client_id: str
    """That of this worker in the group."""
    reached: Reached
    topic: str
    """The one whose partitions are held: that which correlate reads."""
    partitions: int
    """How many it has."""


class Glance:
    """The stage at a moment. What takes long is done in threads, or in pieces: the stage goes on meanwhile."""

    def __init__(
        self,
        us: Us,
        own: Callable[[], Awaitable[Part]],
        members: Callable[[], Awaitable[Sequence[Member] | None]],
        workers: Workers,
        wall_clock: Callable[[], Moment],
    ) -> None:
        """``own``: this worker's part. ``members``: of the group; None where it has not said."""
        self._us, self._members, self._workers, self._wall_clock = us, members, workers, wall_clock
        self._own, self._whole = Shared(own), Shared(self._look)

    async def part(self) -> bytes:
        """This worker's own part, for another that asks."""
        return await asyncio.to_thread(packed, await self._own())

    async def html(self, look: page.Look) -> str:
        """The page."""
        whole = await self._whole()
        return await asyncio.to_thread(lambda: page.render(viewed(whole), look))

    async def json(self) -> bytes:
        """The same for tools."""
        return await asyncio.to_thread(written, await self._whole())

    async def _look(self) -> Whole:
        own, (members, others) = await asyncio.gather(self._own(), self._others())
        return await asyncio.to_thread(self._merged, own, members, others)

    async def _others(self) -> tuple[Sequence[Member] | None, Sequence[tuple[Member, Reached | None, Answer]]]:
        members = await self._members()
        others = [(it, reached(it.url)) for it in members or () if it.client_id != self._us.client_id]
        answers = await self._workers.ask(it.address for _, it in others if it and it.address)
        return members, [(member, it, answers[it.address] if it and it.address else NOWHERE) for member, it in others]

    def _merged(
        self,
        own: Part,
        members: Sequence[Member] | None,
        others: Sequence[tuple[Member, Reached | None, Answer]],
    ) -> Whole:
        us = self._us
        ours = (it for it in members or () if it.client_id == us.client_id)
        told = [Told(us.reached, frozenset[int]().union(*map(self._held, ours)), own)]
        for member, where, answer in others:
            it = where or Reached(None, member.client_id)
            told.append(Told(it, self._held(member), _read(answer, member.client_id)))
        return merged(us.app_id, self._wall_clock(), us.partitions, told, alone=members is None)

    def _held(self, member: Member) -> frozenset[int]:
        numbers = (number for topic, number in member.partitions if topic == self._us.topic)
        return frozenset(number for number in numbers if 0 <= number < self._us.partitions)


def _read(answer: Answer, of: str) -> Part | str:
    """The part of that worker, or why there is none."""
    if isinstance(answer, str):
        return answer
    try:
        part = unpacked(answer)
    except Unreadable:
        return STRANGE
    except Foreign:
        return ANOTHER_RELEASE
    return part if part.worker == of else ANOTHER


class Shared(Generic[T]):
    """What many ask for at once, made once, and again only after a while."""

    def __init__(self, make: Callable[[], Awaitable[T]]) -> None:
        self._make = make
        self._made: asyncio.Future[T] | None = None
        self._again = 0.0

    async def __call__(self) -> T:
        """The last one, where it is `LASTS` seconds old at most, or in the making."""
        if self._made is None or (self._made.done() and time.monotonic() >= self._again):
            self._made = asyncio.ensure_future(self._make())
            self._again = time.monotonic() + LASTS
        return await asyncio.shield(self._made)
