"""What the page shows of a running stage: what is open now in the partitions held, and the records of late."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from correlator import page
from correlator.engine import Engine
from correlator.event import Kind
from correlator.stage.correlate import Correlate
from correlator.stage.draft import Counts, Tally

MOST: Final = 100
"""How many records are kept, and of how many subjects what is open: of each kind, in each partition held. A page
is for a look, and shows the oldest of these.
"""

REFRESH: Final = 10
"""Seconds after which a browser loads the page again."""


class Recent:
    """The last records that were committed."""

    def __init__(self) -> None:
        self.total = 0
        self.records: deque[page.Seen] = deque(maxlen=MOST)

    def add(self, tally: Tally) -> None:
        """Take up those of a committed transaction."""
        self.total += len(tally.published)
        self.records.extend(page.seen(published.lifecycle) for published in tally.published[-MOST:])


class Several:
    """Hands tallies on to several."""

    def __init__(self, counts: Iterable[Counts]) -> None:
        self._counts = tuple(counts)

    def add(self, tally: Tally) -> None:
        """Hand it on."""
        for counts in self._counts:
            counts.add(tally)


def glance(
    app_id: str, engine: Engine, correlate: Correlate, recent: Recent, wall_clock: Callable[[], int]
) -> page.View:
    """The view as it is now."""
    open_ = [page.seen(lifecycle) for kind in Kind for lifecycle in correlate.oldest_open(kind, MOST)]
    held = sorted(correlate.partitions)
    where = (
        f"the {len(held)} partitions that this worker holds ({', '.join(map(str, held))})" if held else "no partition"
    )
    return page.View(
        title=app_id,
        subtitle=f"{where}; other workers show theirs" if engine.ready else "joining its group, or recovering",
        now=wall_clock(),
        open=open_,
        ended=list(recent.records),
        open_total=sum(correlate.still_open(kind)[0] for kind in Kind),
        ended_total=recent.total,
        refresh=REFRESH,
    )
