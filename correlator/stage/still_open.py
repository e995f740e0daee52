"""Which subjects have a lifecycle that is open, in which work pool, how many, and since when: without decoding the
table's entries.
"""

from collections.abc import Iterable, Iterator
from heapq import nsmallest
from itertools import accumulate
from typing import Final, NamedTuple

from correlator import core
from correlator.core.state import RememberedStart
from correlator.moments import Moment
from correlator.stage import pools
from correlator.stage.open_pool import EXACT, Group, OpenPool

MOST_POOLS: Final = 1000
"""Work pools with something open that are told apart in a partition; those that come while so many are there are
`pools.OTHER`. Each takes a look some time, however little is open in it.
"""


CROWD: Final = 10
"""How many times as many subjects as are asked for may be looked at to find the oldest."""


class Open(NamedTuple):
    """The open lifecycles of a work pool."""

    lifecycles: int
    """How many there are: at least one."""
    oldest: Moment
    """When the oldest began; or one that began up to 10 seconds before it, and has ended."""


def together(several: Iterable[tuple[str, Open]]) -> dict[str, Open]:
    """What is open by work pool, where a pool may be told of several times."""
    found: dict[str, Open] = {}
    for name, it in several:
        known = found.get(name)
        found[name] = it if known is None else Open(known.lifecycles + it.lifecycles, min(known.oldest, it.oldest))
    return found


class StillOpen:
    """The open lifecycles of one kind in one partition. There may be millions: a subject costs an entry in a dict."""

    def __init__(self) -> None:
        self._pools: dict[str, OpenPool] = {}
        self._first: dict[bytes, Group] = {}
        """By subject, where its oldest is."""
        self._more: dict[bytes, list[Group]] = {}
        """Of the subjects with more than one: where the others are."""

    def set(self, key: bytes, state: core.SubjectState | None) -> None:
        """A subject's state as it is now."""
        starts = () if state is None else state.unpublished
        known = self._first.get(key)
        if known is not None:
            if state is not None and len(starts) == 1 and key not in self._more and _is_in(known, starts[0], state):
                return
            del self._first[key]
            for group in (known, *self._more.pop(key, ())):
                self._remove(group)
        if state is not None and starts:
            self._first[key], *more = [self._add(start, state) for start in starts]
            if more:
                self._more[key] = more

    def _add(self, start: RememberedStart, state: core.SubjectState) -> Group:
        name = _pool_of(start, state)
        pool = self._pools.get(name)
        if pool is None:
            if len(self._pools) >= MOST_POOLS:
                name = pools.OTHER
            pool = self._pools.setdefault(name, OpenPool(name))
        return pool.add(start.event.occurred)

    def _remove(self, group: Group) -> None:
        pool = self._pools[group.pool]
        pool.remove(group)
        if not pool.lifecycles:
            del self._pools[group.pool]

    def by_pool(self) -> Iterator[tuple[str, Open]]:
        """What is open in each work pool that has something open. However much that is takes the same time."""
        for name, pool in self._pools.items():
            yield name, Open(pool.lifecycles, pool.oldest)

    def oldest_keys(self, most: int) -> list[bytes]:
        """Subjects, those with the so many oldest among them: all of the groups that these are in, but at most `CROWD`
        times as many. Looks at all.
        """
        groups = (group for pool in self._pools.values() for group in pool.groups.values())
        oldest = nsmallest(most, ((group.number, group.lifecycles) for group in groups))
        found = accumulate(lifecycles for _, lifecycles in oldest)
        last = next((number for (number, _), so_far in zip(oldest, found, strict=True) if so_far >= most), None)
        among = [(group.number, key) for key, group in self._first.items() if last is None or group.number <= last]
        return [key for _, key in nsmallest(CROWD * most, among)]


def _pool_of(start: RememberedStart, state: core.SubjectState) -> str:
    return pools.called((start.details or state.details).work_pool)


def _is_in(group: Group, start: RememberedStart, state: core.SubjectState) -> bool:
    return start.event.occurred // EXACT == group.number and _pool_of(start, state) == group.pool
