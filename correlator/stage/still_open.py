"""Which subjects have a lifecycle that is open, how many, and since when: known at any moment, without looking through
the table.
"""

from correlator import core


class StillOpen:
    """The open lifecycles of one kind in one partition."""

    def __init__(self) -> None:
        self.lifecycles = 0
        """How many there are."""
        self._counts: dict[bytes, int] = {}
        self._since = core.Deadlines()

    def set(self, key: bytes, state: core.SubjectState | None) -> None:
        """A subject's state as it is now."""
        starts = () if state is None else state.unpublished
        self.lifecycles += len(starts) - self._counts.get(key, 0)
        if starts:
            self._counts[key] = len(starts)
            self._since.set(key, starts[0].event.occurred)
        elif self._counts.pop(key, None) is not None:
            self._since.set(key, None)

    @property
    def oldest(self) -> int | None:
        """When the oldest began, in microseconds since 1970 UTC."""
        return self._since.first()

    def oldest_keys(self, most: int) -> list[bytes]:
        """The subjects with the oldest, so many at most. Looks at all of them: for people, not for every event."""
        return self._since.earliest_keys(most)
