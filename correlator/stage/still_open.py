"""Which subjects have a lifecycle that is open, how many, and since when: without decoding the table's entries."""

from heapq import nsmallest

from correlator import core
from correlator.moments import Moment


class StillOpen:
    """The open lifecycles of one kind in one partition. There may be millions: a subject costs an entry in a dict."""

    def __init__(self) -> None:
        self._since: dict[bytes, Moment] = {}
        self._more: dict[bytes, int] = {}
        """Of the subjects with more than one: how many more."""
        self._all_more = 0

    def set(self, key: bytes, state: core.SubjectState | None) -> None:
        """A subject's state as it is now."""
        starts = () if state is None else state.unpublished
        if starts:
            self._since[key] = starts[0].event.occurred
        else:
            self._since.pop(key, None)
        self._all_more -= self._more.pop(key, 0)
        if len(starts) > 1:
            self._more[key] = len(starts) - 1
            self._all_more += len(starts) - 1

    @property
    def lifecycles(self) -> int:
        """How many there are."""
        return len(self._since) + self._all_more

    @property
    def oldest(self) -> Moment | None:
        """When the oldest began. Looks at all: 15 ms for a million."""
        return min(self._since.values(), default=None)

    def oldest_keys(self, most: int) -> list[bytes]:
        """The subjects with the oldest, so many at most. Looks at all."""
        return nsmallest(most, self._since, key=self._since.__getitem__)
