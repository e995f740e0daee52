"""The latest records that this worker has published."""

from collections.abc import Iterable
from typing import Final

from correlator import page
from correlator.stage.tally import Counts, Tally

MAX_RECORDS: Final = 100
"""How many records are kept and shown."""


class RecentRecords:
    """The latest committed records, each once, in its last version."""

    def __init__(self) -> None:
        self.total = 0
        """How many records were published. An amendment is another version of a record, not another record."""
        self.durations = page.RecentDurations()
        self._records: dict[str, page.Summary] = {}

    @property
    def records(self) -> list[page.Summary]:
        """The records, in the order in which their last versions were published."""
        return list(self._records.values())

    def add(self, tally: Tally) -> None:
        """Add the records of a committed transaction."""
        self.total += sum(count for (*_, amended), count in tally.records.items() if not amended)
        for lifecycle in tally.latest:
            it = page.summarize(lifecycle)
            if not it.amended:
                self.durations.add(it)
            self._records.pop(it.record_id, None)
            self._records[it.record_id] = it
            if len(self._records) > MAX_RECORDS:
                del self._records[next(iter(self._records))]


class FanOut:
    """Hands each tally to several receivers."""

    def __init__(self, counts: Iterable[Counts]) -> None:
        self._counts = tuple(counts)

    def add(self, tally: Tally) -> None:
        """Hand a tally to all receivers."""
        for counts in self._counts:
            counts.add(tally)
