"""The truth: lives that go on as time does, what is said of them, and what must have been published by when."""

import random
from collections import deque
from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Final, NamedTuple

from chaos.identity import SECOND, WORKER, partition_for
from chaos.plots import PLOTS, Expected, Happened, Plot, Step, records
from chaos.published import letter
from support.events import STARTED, event, uuid_of

GRACE: Final = 120 * SECOND
"""Longer than any fault keeps an event from the broker, so that none comes too late for its record."""
REMEMBER: Final = 120 * SECOND
LATER: Final = 270 * SECOND
"""How far ahead `Truth.closing` is dated: past `GRACE` and `REMEMBER`, and not so far as to count as a wrong clock."""
MARGIN: Final = 5 * SECOND
"""By how much later than its deadline a record is asked for: clocks reach all partitions every few seconds."""
LAST: Final = Plot("a worker that is still up", 0, (Step(STARTED),), ("open",))
REPEATED: Final = 0.03
"""Of all events, how many are said twice, as clients do that resend."""


class Said(NamedTuple):
    """Something to write to the raw topic."""

    key: bytes
    value: bytes
    life: "Life | None" = None
    """Whose next step waits until this is written; None for a repetition, and for what is no event."""
    keyed: bool = False
    """Whether it goes to its key's partition; else to any, where the input is not keyed."""


class Life:
    """A worker's or a run's, as far as it has come."""

    def __init__(self, plot: Plot, subject: str, worker: str) -> None:
        self.plot, self.subject, self.worker = plot, subject, worker
        self.happened: list[Happened] = []

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen in it."""
        return len(self.happened) == len(self.plot.steps)


class Truth:
    """A world from a seed. It is told what time it is, in microseconds since 1970 UTC, and what has been written.

    A life goes on only when what was said of it is on the broker: so whatever a fault holds up, its events are in the
    order in which they occurred.
    """

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)  # noqa: S311 - no secret
        self._weights = [plot.weight for plot in PLOTS]
        self._next: list[tuple[int, int, Life | Said]] = []
        self._lives = self._planned = 0
        self._decided: deque[Expected] = deque()
        self._waiting: deque[tuple[int, Expected]] = deque()
        self._heard = 0
        self.open: set[bytes] = set()
        """Keys of the subjects of which the stage must know at the end."""
        self.said = 0
        """How many events, repetitions included."""

    def say(self, now: int, count: int) -> Iterator[Said]:
        """What is said now: what is due of lives that began, and new ones to make it ``count``."""
        while self._next and self._next[0][0] <= now:
            _, _, due = heappop(self._next)
            yield self._tell(due, now) if isinstance(due, Life) else self._again(due)
            count -= 1
        for _ in range(count):
            yield self._tell(self._born(), now)

    def heard(self, said: Said, now: int) -> None:
        """It is written: what comes next may come."""
        life = said.life
        if life is None:
            return
        if self._rng.random() < REPEATED:
            self._plan(now + round(self._rng.uniform(0, 2) * SECOND), said._replace(life=None))
        self._heard = max(self._heard, life.happened[-1].occurred)
        if not life.is_over:
            step = life.plot.steps[len(life.happened)]
            self._plan(now + round(self._rng.uniform(step.least, step.most) * SECOND), life)
            return
        for expected in records(life.plot, life.happened):
            if life.plot.waits:
                self._waiting.append((life.happened[-1].occurred + GRACE, expected))
            else:
                self._decided.append(expected)
        if "open" in life.plot.outcomes:
            self.open.add(life.subject.encode())

    def decided(self, *, at_the_end: bool = False) -> Iterator[Expected]:
        """What must have been published by now, if all that was heard was read; each is returned once."""
        while self._decided:
            yield self._decided.popleft()
        while self._waiting and (at_the_end or self._waiting[0][0] + MARGIN < self._heard):
            yield self._waiting.popleft()[1]

    @property
    def has_more(self) -> bool:
        """Whether lives that began are still to go on."""
        return bool(self._next)

    def closing(self, partitions: int, now: int) -> list[Said]:
        """An event for each partition, by its key, so late that everything else falls due and is forgotten."""
        found: dict[int, Said] = {}
        while len(found) < partitions:
            life = Life(LAST, f"prefect.worker.process.last-{uuid_of(self._rng)}", "")
            where = partition_for(life.subject.encode(), partitions)
            if where not in found:
                found[where] = self._tell(life, now + LATER)._replace(keyed=True)
        return list(found.values())

    def invalid(self, size: int, *, fits: bool) -> tuple[Said, Expected]:
        """A record that names an event and is none, of about ``size`` bytes, and the dead letter that it becomes.

        ``fits``: whether its letter keeps the value.
        """
        key = f"invalid-{uuid_of(self._rng)}".encode()
        value = b'{"event":"prefect.worker.started","id":"' + b"x" * size + b'"}'
        self.said += 1
        return Said(key, value, keyed=True), letter(key, kept=fits)

    def _born(self) -> Life:
        (plot,) = self._rng.choices(PLOTS, self._weights)
        self._lives += 1
        worker = f"prefect.worker.process.w-{self._lives % 20}"
        if plot.kind == WORKER:
            name = f"prefect.worker.process.{uuid_of(self._rng)}"
            return Life(plot, name, name)
        return Life(plot, uuid_of(self._rng), worker)

    def _tell(self, life: Life, now: int) -> Said:
        step = life.plot.steps[len(life.happened)]
        follows = life.happened[-1].id if step.follows else None
        id_ = uuid_of(self._rng)
        life.happened.append(Happened(step.event, id_, now))
        self.said += 1
        return Said(life.subject.encode(), event(step.event, id_, now, life.subject, life.worker, follows), life)

    def _again(self, said: Said) -> Said:
        self.said += 1
        return said

    def _plan(self, when: int, what: "Life | Said") -> None:
        self._planned += 1
        heappush(self._next, (when, self._planned, what))
