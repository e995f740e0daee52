"""The records that a worker has published of late."""

from collections.abc import Iterable
from typing import Final

from correlator import page
from correlator.stage.tally import Counts, Tally

LATEST: Final = 100
"""How many records are kept, and shown."""


class Recent:
    """The last records that were committed, each once, in its last version."""

    def __init__(self) -> None:
        self.total = 0
        """How many records there were. An amendment is another version of one, not another record."""
        self.usual = page.Usual()
        self._records: dict[str, page.Seen] = {}

    @property
    def records(self) -> list[page.Seen]:
        """In order of publication."""
        return list(self._records.values())

    def add(self, tally: Tally) -> None:
        """Take up those of a committed transaction."""
        self.total += sum(count for (*_, amended), count in tally.records.items() if not amended)
        for lifecycle in tally.latest:
            it = page.seen(lifecycle)
            if not it.amended:
                self.usual.add(it)
            self._records.pop(it.record_id, None)
            self._records[it.record_id] = it
            if len(self._records) > LATEST:
                del self._records[next(iter(self._records))]


class Several:
    """Hands tallies on to several."""

    def __init__(self, counts: Iterable[Counts]) -> None:
        self._counts = tuple(counts)

    def add(self, tally: Tally) -> None:
        """Hand it on."""
        for counts in self._counts:
            counts.add(tally)
