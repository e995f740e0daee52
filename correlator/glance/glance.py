"""The stage at a glance: gets this worker's own report and those of the others, merges them, and renders the result."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

from correlator import page
from correlator.address import Reached, reached
from correlator.engine import Member
from correlator.glance.asking import NOT_A_WORKER, Answer, Workers
from correlator.glance.merging import Snapshot, WorkerAnswer, merged
from correlator.glance.report import Foreign, Unreadable, WorkerReport, packed, unpacked
from correlator.glance.viewing import viewed
from correlator.glance.written import written
from correlator.moments import Moment

SHARED_FOR: Final = 1.0
"""Seconds for which a result is shared: however many people look, each worker is asked at most once in that time."""

NO_ADDRESS: Final = "does not say where its web port is"
WRONG_WORKER: Final = "is not who answers at its address"
OTHER_RELEASE: Final = "is of another release, which this one cannot read"

T = TypeVar("T")


class ThisWorker(NamedTuple):
    """This worker, and its stage."""

    app_id: str
    client_id: str
    """Its client id in the group."""
    reached: Reached
    topic: str
    """The topic that correlate reads: holding a partition means to hold one of this topic."""
    partitions: int
    """How many partitions the topic has."""


class Glance:
    """Shows the stage as it is now. Long work is done in threads or in pieces, so that the stage is not held up."""

    def __init__(
        self,
        us: ThisWorker,
        own: Callable[[], Awaitable[WorkerReport]],
        members: Callable[[], Awaitable[Sequence[Member] | None]],
        workers: Workers,
        wall_clock: Callable[[], Moment],
    ) -> None:
        """``own``: makes this worker's report. ``members``: the group's members; None while they are unknown."""
        self._us, self._members, self._workers, self._wall_clock = us, members, workers, wall_clock
        self._own, self._whole = Shared(own), Shared(self._look)

    async def report(self) -> bytes:
        """This worker's own report, packed for the worker that asks."""
        return await asyncio.to_thread(packed, await self._own())

    async def html(self, options: page.PageOptions) -> str:
        """The page of the whole stage."""
        snapshot = await self._whole()
        return await asyncio.to_thread(lambda: page.render(viewed(snapshot), options))

    async def json(self) -> bytes:
        """The document of ``/open.json``."""
        return await asyncio.to_thread(written, await self._whole())

    async def _look(self) -> Snapshot:
        own, (members, others) = await asyncio.gather(self._own(), self._others())
        return await asyncio.to_thread(self._merged, own, members, others)

    async def _others(self) -> tuple[Sequence[Member] | None, Sequence[tuple[Member, Reached | None, Answer]]]:
        members = await self._members()
        others = [(it, reached(it.url)) for it in members or () if it.client_id != self._us.client_id]
        answers = await self._workers.ask(it.address for _, it in others if it and it.address)
        return members, [
            (member, it, answers[it.address] if it and it.address else NO_ADDRESS) for member, it in others
        ]

    def _merged(
        self,
        own: WorkerReport,
        members: Sequence[Member] | None,
        others: Sequence[tuple[Member, Reached | None, Answer]],
    ) -> Snapshot:
        us = self._us
        ours = (it for it in members or () if it.client_id == us.client_id)
        told = [WorkerAnswer(us.reached, frozenset[int]().union(*map(self._held, ours)), own)]
        for member, where, answer in others:
            it = where or Reached(None, member.client_id)
            told.append(WorkerAnswer(it, self._held(member), _read(answer, member.client_id)))
        return merged(us.app_id, self._wall_clock(), us.partitions, told, alone=members is None)

    def _held(self, member: Member) -> frozenset[int]:
        numbers = (number for topic, number in member.partitions if topic == self._us.topic)
        return frozenset(number for number in numbers if 0 <= number < self._us.partitions)


def _read(answer: Answer, of: str) -> WorkerReport | str:
    """The report of the worker ``of``, or the reason why there is none."""
    if isinstance(answer, str):
        return answer
    try:
        report = unpacked(answer)
    except Unreadable:
        return NOT_A_WORKER
    except Foreign:
        return OTHER_RELEASE
    return report if report.worker == of else WRONG_WORKER


class Shared(Generic[T]):
    """A result that many ask for: it is made once for all, and again only after `SHARED_FOR` seconds."""

    def __init__(self, make: Callable[[], Awaitable[T]]) -> None:
        self._make = make
        self._made: asyncio.Future[T] | None = None
        self._again = 0.0

    async def __call__(self) -> T:
        """The last result, if it is in the making or was begun less than `SHARED_FOR` seconds ago; else a new one."""
        if self._made is None or (self._made.done() and time.monotonic() >= self._again):
            self._made = asyncio.ensure_future(self._make())
            self._again = time.monotonic() + SHARED_FOR
        return await asyncio.shield(self._made)
