"""Reading all events of a span of time, in the order in which they occurred, however many there are.

Not by the addresses that the API gives for the next page: these count from the beginning, so that an event that comes
meanwhile moves the others on, one that is deleted moves them back, past us, and the last page of many costs the server
as much as all before it. Here each page begins at the last event of the one before, and what is asked for at a time is
bounded, as the server counts all of it for every page.
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
"""Events to ask for at a time: few enough to be counted in a moment, many enough to make the count worth it."""

_FIRST_WIDTH: Final = 60 * SECOND
"""How long a time is asked for where nothing is known of how much there is."""
_MIN_WIDTH: Final = Span(1_000)
_MAX_WIDTH: Final = DAY
"""For no longer: after a quiet time may come a busy one, and all of it would be counted."""


class Pages(Protocol):
    """The API, as far as it is needed here."""

    @property
    def server(self) -> Server: ...
    @property
    def now(self) -> Moment: ...
    async def page(self, interval: Interval, limit: int = PAGE_SIZE) -> Page: ...
    async def next(self, page: Page) -> Page: ...


class Read(NamedTuple):
    """Some events, and how far all has been read."""

    events: list[ServerEvent]
    read_to: Moment
    """Everything that occurred before is read."""


async def read(api: Pages, interval: Interval) -> AsyncIterator[Read]:
    """Read the events of a span, each once. Raises `Failure`."""
    at, width = interval.since, _FIRST_WIDTH
    here = set[bytes]()
    """What occurred at that moment, and is read: the next page begins with it again."""
    while at < interval.until:
        bound = min(at + width, interval.until)
        if bound > api.now:  # what is left occurred just now, or is dated ahead
            bound = interval.until
        page = await api.page(Interval(at, bound))
        events = _events(api, page)
        while page.next_page is not None and events and events[-1].occurred == at:
            yield Read(_fresh(events, here), at)  # more occurred at one moment than fits a page
            here |= {it.id for it in events}
            page = await api.next(page)
            events = _events(api, page)
        fresh = _fresh(events, here)
        # A full one may not be the last, though it says so: more may have come since the server counted.
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
