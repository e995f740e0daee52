"""What is open in one work pool, in groups of what began at about the same time: so that it is known at any moment when
the oldest began, and a million take no more than their groups.
"""

from heapq import heapify, heappop, heappush
from typing import Final

from msgspec import Struct

from correlator.moments import SECOND, Moment, Span

EXACT: Final[Span] = 10 * SECOND
"""How exactly it is known when the oldest began: what began within as much is one group. Scrapes are hardly closer."""

SOME: Final = 100
"""Groups that are gone may be in the heap twice as often as those that are there, and so many more."""


class Group(Struct, gc=False):
    """The lifecycles of a pool that began within the same span of `EXACT`."""

    pool: str
    """Its name: a way back to the pool itself would be a circle, and partitions come and go."""
    number: int
    """Of the span, since 1970."""
    began: Moment
    """When the first of them began, be it still open or not."""
    lifecycles: int = 0


class OpenPool(Struct):
    """The open lifecycles of a work pool."""

    name: str
    lifecycles: int = 0
    groups: dict[int, Group] = {}
    """By number: those that something is left of."""
    _heap: list[int] = []
    """Their numbers, and some whose groups are gone."""

    def add(self, began: Moment) -> Group:
        """A lifecycle. Returns where it is, for `remove`."""
        number = began // EXACT
        group = self.groups.get(number)
        if group is None:
            group = self.groups[number] = Group(self.name, number, began)
            heappush(self._heap, number)
            if len(self._heap) > 3 * len(self.groups) + SOME:
                self._heap = [*self.groups]
                heapify(self._heap)
        elif began < group.began:
            group.began = began
        group.lifecycles += 1
        self.lifecycles += 1
        return group

    def remove(self, group: Group) -> None:
        """A lifecycle of one of its groups."""
        group.lifecycles -= 1
        self.lifecycles -= 1
        if not group.lifecycles:
            del self.groups[group.number]

    @property
    def oldest(self) -> Moment:
        """When the oldest began, to `EXACT`. Raises `IndexError` where nothing is open."""
        while self._heap[0] not in self.groups:
            heappop(self._heap)
        return self.groups[self._heap[0]].began
