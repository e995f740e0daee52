"""Which subjects have open lifecycles, in which work pools, how many, and since when: known without decoding the
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
from correlator.stage.open_pool import GROUP_SPAN, Group, OpenPool

MAX_POOLS: Final = 1000
"""How many work pools are told apart in a partition. While so many have something open, further pools count as
`pools.OTHER`: each pool costs every look some time, however little is open in it.
"""

MAX_CANDIDATES: Final = 10
"""To find the oldest subjects, at most this many are looked at for each one that is asked for."""


class Open(NamedTuple):
    """The open lifecycles of a work pool."""

    lifecycles: int
    """How many there are; at least one."""
    oldest: Moment
    """When the oldest began, or up to 10 seconds before."""


def merged(several: Iterable[tuple[str, Open]]) -> dict[str, Open]:
    """The open lifecycles by work pool, merged from several partitions, each of which may name the same pool."""
    found: dict[str, Open] = {}
    for name, it in several:
        known = found.get(name)
        found[name] = it if known is None else Open(known.lifecycles + it.lifecycles, min(known.oldest, it.oldest))
    return found


class StillOpen:
    """The open lifecycles of one kind in one partition. There may be millions; each subject takes a dict entry."""

    def __init__(self) -> None:
        self._pools: dict[str, OpenPool] = {}
        self._first: dict[bytes, Group] = {}
        """The group of each subject's oldest open lifecycle."""
        self._more: dict[bytes, list[Group]] = {}
        """The groups of the others, for subjects with more than one."""

    def set(self, key: bytes, state: core.SubjectState | None) -> None:
        """Note a subject's state as it is now; None if it has none any more."""
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
            if len(self._pools) >= MAX_POOLS:
                name = pools.OTHER
            pool = self._pools.setdefault(name, OpenPool(name))
        return pool.add(start.event.occurred)

    def _remove(self, group: Group) -> None:
        pool = self._pools[group.pool]
        pool.remove(group)
        if not pool.lifecycles:
            del self._pools[group.pool]

    def by_pool(self) -> Iterator[tuple[str, Open]]:
        """The open lifecycles of each work pool that has any. It takes the same time however many they are."""
        for name, pool in self._pools.items():
            yield name, Open(pool.lifecycles, pool.oldest)

    def oldest_keys(self, most: int) -> list[bytes]:
        """Candidates for the ``most`` subjects with the oldest open lifecycles: all subjects in the groups of these,
        but at most `MAX_CANDIDATES` times ``most``. It looks at every subject.
        """
        groups = (group for pool in self._pools.values() for group in pool.groups.values())
        oldest = nsmallest(most, ((group.number, group.lifecycles) for group in groups))
        found = accumulate(lifecycles for _, lifecycles in oldest)
        last = next((number for (number, _), so_far in zip(oldest, found, strict=True) if so_far >= most), None)
        among = [(group.number, key) for key, group in self._first.items() if last is None or group.number <= last]
        return [key for _, key in nsmallest(MAX_CANDIDATES * most, among)]


def _pool_of(start: RememberedStart, state: core.SubjectState) -> str:
    return pools.called((start.details or state.details).work_pool)


def _is_in(group: Group, start: RememberedStart, state: core.SubjectState) -> bool:
    return start.event.occurred // GROUP_SPAN == group.number and _pool_of(start, state) == group.pool
