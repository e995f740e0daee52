"""What is due when, without looking at what is not."""

from heapq import heapify, heappop, heappush

from correlator.moments import END_OF_TIME, Moment


class Deadlines:
    """An index of keys by the low watermark that they wait for. The cost of a tick is proportional to what is due.

    A deadline that moved leaves its old place in the heap behind; when such places outnumber the keys, the heap is
    made anew.
    """

    def __init__(self) -> None:
        self._due: dict[bytes, Moment] = {}
        self._heap: list[tuple[Moment, bytes]] = []
        self._resting: set[bytes] = set()

    def __len__(self) -> int:
        return len(self._due)

    @property
    def earliest(self) -> Moment:
        """A bound: nothing is due before the low watermark has passed it."""
        return self._heap[0][0] if self._heap else END_OF_TIME

    def set(self, key: bytes, due: Moment | None, *, rests: bool = False) -> None:
        """Let the key be due when the low watermark passes ``due``; None: no more. ``rests``: only to be forgotten."""
        if rests:
            self._resting.add(key)
        else:
            self._resting.discard(key)
        if due is None:
            self._due.pop(key, None)
        elif self._due.get(key) != due:
            self._due[key] = due
            heappush(self._heap, (due, key))
            if len(self._heap) > 2 * len(self._due) + 1000:
                self._heap = [(due, key) for key, due in self._due.items()]
                heapify(self._heap)

    def pop_due(self, watermark: Moment) -> bytes | None:
        """The key that has been due for longest, or None where nothing is. It is due no more until it is set again."""
        while self._heap and self._heap[0][0] < watermark:
            due, key = heappop(self._heap)
            if self._due.get(key) == due:
                del self._due[key]
                return key
        return None

    def pop_resting(self, key: bytes) -> bool:
        """Whether a key that was due is only to be forgotten. It rests no more."""
        if key in self._resting:
            self._resting.remove(key)
            return True
        return False
