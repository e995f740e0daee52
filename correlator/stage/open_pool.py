"""The open lifecycles of one work pool, in groups of those that began at about the same time. So the age of the oldest
is known at any moment, and a million lifecycles take no more memory than their groups.
"""

from heapq import heapify, heappop, heappush
from typing import Final

from msgspec import Struct

from correlator.moments import SECOND, Moment, Span

GROUP_SPAN: Final[Span] = 10 * SECOND
"""Lifecycles that began within the same span of this length are one group, so the oldest's begin is known to this
accuracy. Scrapes are hardly closer together.
"""

MAX_STALE: Final = 100
"""The heap may hold twice as many numbers of emptied groups as there are groups, plus so many, before it is rebuilt."""


class Group(Struct, gc=False):
    """The lifecycles of a pool that began within the same span of `GROUP_SPAN`."""

    pool: str
    """The pool's name. A reference to the pool itself would make a cycle, which would keep revoked partitions alive."""
    number: int
    """The number of the span, counted from 1970."""
    began: Moment
    """When the oldest lifecycle of the group began, whether it is still open or not."""
    lifecycles: int = 0
    """How many are open."""


class OpenPool(Struct):
    """The open lifecycles of a work pool."""

    name: str
    lifecycles: int = 0
    groups: dict[int, Group] = {}
    """The groups that are not empty, by number."""
    _heap: list[int] = []
    """A heap of their numbers, and of some emptied groups."""

    def add(self, began: Moment) -> Group:
        """Add a lifecycle. Returns its group, for `remove`."""
        number = began // GROUP_SPAN
        group = self.groups.get(number)
        if group is None:
            group = self.groups[number] = Group(self.name, number, began)
            heappush(self._heap, number)
            if len(self._heap) > 3 * len(self.groups) + MAX_STALE:
                self._heap = [*self.groups]
                heapify(self._heap)
        elif began < group.began:
            group.began = began
        group.lifecycles += 1
        self.lifecycles += 1
        return group

    def remove(self, group: Group) -> None:
        """Remove a lifecycle of a group."""
        group.lifecycles -= 1
        self.lifecycles -= 1
        if not group.lifecycles:
            del self.groups[group.number]

    @property
    def oldest(self) -> Moment:
        """When the oldest lifecycle began, or up to `GROUP_SPAN` before. Raises `IndexError` if nothing is open."""
        while self._heap[0] not in self.groups:
            heappop(self._heap)
        return self.groups[self._heap[0]].began
