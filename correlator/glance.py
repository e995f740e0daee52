"""What the page shows of a running stage: what is open now in the partitions held, and the latest records."""

from collections.abc import Callable, Iterable
from typing import Final

from correlator import page
from correlator.engine import Engine
from correlator.event import Kind
from correlator.moments import Moment
from correlator.stage.correlate import Correlate
from correlator.stage.tally import Counts, Tally

MOST: Final = 100
"""How many records are kept, and of how many subjects what is open: of each kind, in each partition held. A page
is for a look, and shows the oldest of these.
"""

REFRESH: Final = 10
"""Seconds after which a browser loads the page again."""


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
            if len(self._records) > MOST:
                del self._records[next(iter(self._records))]


class Several:
    """Hands tallies on to several."""

    def __init__(self, counts: Iterable[Counts]) -> None:
        self._counts = tuple(counts)

    def add(self, tally: Tally) -> None:
        """Hand it on."""
        for counts in self._counts:
            counts.add(tally)


def glance(
    app_id: str, engine: Engine, correlate: Correlate, recent: Recent, wall_clock: Callable[[], Moment]
) -> page.View:
    """The view as it is now."""
    open_ = [page.seen(lifecycle) for kind in Kind for lifecycle in correlate.oldest_open(kind, MOST)]
    held = sorted(correlate.partitions)
    those = "the partition" if len(held) == 1 else f"the {len(held)} partitions"
    where = f"{those} that this worker holds ({', '.join(map(str, held))})" if held else "no partition"
    return page.View(
        source=app_id,
        about=f"{where}; other workers show theirs" if engine.ready else "joining its group, or recovering",
        now=wall_clock(),
        open=open_,
        ended=recent.records,
        open_total={kind: correlate.still_open(kind)[0] for kind in Kind},
        ended_total=recent.total,
        usual=recent.usual.by_pool(),
        refresh=REFRESH,
    )
