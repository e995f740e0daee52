"""Reads all events of an interval in the order in which they occurred, however many there are.

The API's own links to the next page are not used, because they are offsets from the beginning: an event that comes
meanwhile shifts the others forward, one that is deleted shifts them back, past our offset, and the last of many pages
costs the server as much as all the pages before it. Here each page begins at the last event of the one before. The
interval of each request is bounded, as the server counts all of it for every page.
"""

from collections.abc import AsyncIterator, Iterable, Set
from typing import Final, NamedTuple, Protocol

from correlator.bridge import answers, failures
from correlator.bridge.answers import Page, ServerEvent, Unusable
from correlator.bridge.api import PAGE_SIZE
from correlator.bridge.server import Server
from correlator.bridge.times import Interval
from correlator.moments import DAY, MICROSECOND, SECOND, Moment, Span

TARGET_EVENTS: Final = 1_000
"""How many events an interval should hold: few enough to be counted quickly, enough to make the count worthwhile."""

_FIRST_WIDTH: Final = 60 * SECOND
"""The length of the first interval, when nothing is known about the number of events."""
_MIN_WIDTH: Final = Span(1_000)
_MAX_WIDTH: Final = DAY
"""The longest interval: a busy time may follow a quiet one, and all its events would be counted."""


class Pages(Protocol):
    """The part of the API that is needed here."""

    @property
    def server(self) -> Server: ...
    @property
    def now(self) -> Moment: ...
    async def page(self, interval: Interval, limit: int = PAGE_SIZE) -> Page: ...
    async def next(self, page: Page) -> Page: ...


class Read(NamedTuple):
    """Some events, and how far everything has been read."""

    events: list[ServerEvent]
    read_to: Moment
    """All events that occurred before this have been read."""


async def read(api: Pages, interval: Interval) -> AsyncIterator[Read]:
    """Read the events of an interval, each once. Raises `Failure`."""
    at, width = interval.since, _FIRST_WIDTH
    here = set[bytes]()
    """The events at that very moment that have been read: the next page begins with them again."""
    while at < interval.until:
        bound = min(at + width, interval.until)
        if bound > api.now:  # the rest occurred just now, or is dated ahead
            bound = interval.until
        page = await api.page(Interval(at, bound))
        events = _events(api, page)
        while page.next_page is not None and events and events[-1].occurred == at:
            yield Read(_fresh(events, here), at)  # more events of one moment than fit on a page
            here |= {it.id for it in events}
            page = await api.next(page)
            events = _events(api, page)
        fresh = _fresh(events, here)
        # A full page may not be the last even if it says so: more may have come since the server counted.
        if not events or (page.next_page is None and len(events) < PAGE_SIZE):
            at, width, here = bound, min(8 * width, _MAX_WIDTH), set()
        else:
            last = max(events[-1].occurred, at + MICROSECOND)
            width = min(8 * width, max(_MIN_WIDTH, Span((last - at) * TARGET_EVENTS // PAGE_SIZE)), _MAX_WIDTH)
            at, here = last, {it.id for it in events if it.occurred == last}
        yield Read(fresh, at)


def _fresh(events: Iterable[ServerEvent], known: Set[bytes]) -> list[ServerEvent]:
    return [it for it in events if it.id not in known]


def _events(api: Pages, page: Page) -> list[ServerEvent]:
    try:
        return [answers.event(raw) for raw in page.events]
    except Unusable as what:
        raise failures.foreign(what, api.server) from None
