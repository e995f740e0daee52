"""An index of deadlines: what is due is found without looking at what is not."""

from heapq import heapify, heappop, heappush

from correlator.moments import END_OF_TIME, Moment


class Deadlines:
    """Keys, by the low watermark that each waits for. A tick costs in proportion to what is due, not to what waits.

    A deadline that moves leaves its old entry in the heap; the heap is rebuilt when such entries outnumber the keys.
    """

    def __init__(self) -> None:
        self._due: dict[bytes, Moment] = {}
        self._heap: list[tuple[Moment, bytes]] = []
        self._resting: set[bytes] = set()

    def __len__(self) -> int:
        return len(self._due)

    @property
    def earliest(self) -> Moment:
        """A lower bound: nothing is due before the low watermark has passed it."""
        return self._heap[0][0] if self._heap else END_OF_TIME

    def set(self, key: bytes, due: Moment | None, *, rests: bool = False) -> None:
        """Make the key due when the low watermark passes ``due``, or never if that is None. ``rests``: it will then
        only be forgotten.
        """
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
        """Remove and return the key that has been due for longest; None if nothing is due."""
        while self._heap and self._heap[0][0] < watermark:
            due, key = heappop(self._heap)
            if self._due.get(key) == due:
                del self._due[key]
                return key
        return None

    def pop_resting(self, key: bytes) -> bool:
        """Whether a key that is due only has to be forgotten; it no longer rests after that."""
        if key in self._resting:
            self._resting.remove(key)
            return True
        return False
