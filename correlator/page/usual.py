"""How long the runs of a work pool usually take."""

from collections import deque
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from correlator.core import Outcome
from correlator.event import Kind
from correlator.page.figures import percentile
from correlator.page.summary import Summary

MIN_RUNS: Final = 20
"""A pool has a usual duration once so many of its runs have completed."""
MAX_RUNS: Final = 1000
"""How many of a pool's completed runs count, the latest ones: what is usual changes."""
MAX_POOLS: Final = 200
"""How many work pools are kept: those with the latest completed runs."""


class UsualDuration(NamedTuple):
    """The usual duration of a work pool's runs."""

    runs: int
    """How many completed runs it is computed from."""
    within: int
    """The duration that 95% of them did not exceed, in microseconds."""


class RecentDurations:
    """The durations of each pool's latest completed runs, at most `MAX_RUNS` in each of `MAX_POOLS` pools."""

    def __init__(self) -> None:
        self._durations: dict[str | None, deque[int]] = {}

    def add(self, it: Summary) -> None:
        """Add the duration of a record, if it is of a completed run."""
        if it.kind is not Kind.FLOW_RUN or it.outcome is not Outcome.COMPLETED or it.duration is None:
            return
        durations = self._durations.pop(it.pool, None) or deque(maxlen=MAX_RUNS)
        durations.append(it.duration)
        self._durations[it.pool] = durations
        if len(self._durations) > MAX_POOLS:
            del self._durations[next(iter(self._durations))]

    def copied(self) -> dict[str | None, list[int]]:
        """A copy of the durations by pool, in microseconds, for another thread: sorting them can take long."""
        return {pool: list(durations) for pool, durations in self._durations.items()}

    def by_pool(self) -> dict[str | None, int]:
        """The usual durations by pool, in microseconds; pools with fewer than `MIN_RUNS` runs are left out."""
        return {pool: known.within for pool, known in usual_durations(self.copied()).items()}


def usual_durations(durations: Mapping[str | None, Collection[int]]) -> dict[str | None, UsualDuration]:
    """The usual duration in each pool with at least `MIN_RUNS` durations, which are in microseconds."""
    enough = {pool: sorted(its) for pool, its in durations.items() if len(its) >= MIN_RUNS}
    return {
        pool: UsualDuration(len(its), most) for pool, its in enough.items() if (most := percentile(its, 95)) is not None
    }
