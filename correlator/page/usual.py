"""How long the runs of a work pool usually take."""

from collections import deque
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from correlator.core import Outcome
from correlator.event import Kind
from correlator.page.figures import share
from correlator.page.seen import Seen

ENOUGH: Final = 20
"""Completed runs of a pool from which on one may say what is usual there."""
LATEST: Final = 1000
"""Completed runs of a pool that it is said from: what is usual changes."""
POOLS: Final = 200
"""Work pools of which it is known: those with the latest runs."""


class Known(NamedTuple):
    """What is usual in a work pool."""

    runs: int
    """The completed runs that it is told from."""
    within: int
    """How long 95% of them took at most, in microseconds."""


class Usual:
    """The durations of each pool's latest completed runs, a bounded number of them."""

    def __init__(self) -> None:
        self._durations: dict[str | None, deque[int]] = {}

    def add(self, it: Seen) -> None:
        """Take up a record; those that say nothing about it are passed over."""
        if it.kind is not Kind.FLOW_RUN or it.outcome is not Outcome.COMPLETED or it.duration is None:
            return
        durations = self._durations.pop(it.pool, None) or deque(maxlen=LATEST)
        durations.append(it.duration)
        self._durations[it.pool] = durations
        if len(self._durations) > POOLS:
            del self._durations[next(iter(self._durations))]

    def copied(self) -> dict[str | None, list[int]]:
        """The durations by pool, as they are now: for a look at them elsewhere, as there may be many."""
        return {pool: list(durations) for pool, durations in self._durations.items()}

    def by_pool(self) -> dict[str | None, int]:
        """How long 95% of a pool's took at most, in microseconds, where enough of them are known."""
        return {pool: known.within for pool, known in known_of(self.copied()).items()}


def known_of(durations: Mapping[str | None, Collection[int]]) -> dict[str | None, Known]:
    """What is usual in the pools of which enough is known, by the durations of their runs."""
    enough = {pool: sorted(its) for pool, its in durations.items() if len(its) >= ENOUGH}
    return {pool: Known(len(its), most) for pool, its in enough.items() if (most := share(its, 95)) is not None}
