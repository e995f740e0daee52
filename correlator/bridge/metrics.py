"""The bridge's metrics: counters of what is committed, and gauges that ask for its state when they are scraped."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from correlator.bridge.outbox import Way
from correlator.bridge.publishing import Committed
from correlator.metrics.definitions import DELAYS, Definition
from correlator.metrics.exposition import Exposition
from correlator.moments import SECOND, Moment, Span
from correlator.prefect import MEANINGS, Speaker

EVENTS: Final = Definition(
    "bridge_events",
    "Events published, by name (flow runs' states as one, all that the stage does not read as other), and by the way"
    " that they came: live, swept (read from the API in catching up), or reconciled (found missing by a later sweep).",
    ("event", "way"),
)
DELAY: Final = Definition(
    "bridge_publishing_delay_seconds",
    "From when Prefect's server received an event until it is committed to Kafka; not of those swept.",
    ("way",),
    DELAYS,
)
OVERSIZED: Final = Definition(
    "bridge_oversized_events", "Events too large for the topic, which are left out; the log names each."
)
RECONNECTS: Final = Definition("bridge_reconnects", "How often the live stream had to be listened to again.")
SILENCE: Final = Definition(
    "bridge_server_silence_seconds", "For how long Prefect's server has answered nothing: no page, no event, no ping."
)
LIVE: Final = Definition("bridge_live", "1 while it listens to the live stream, else 0: then it sweeps alone.")
PAGES: Final = Definition("bridge_pages_to_read", "Pages of events that the sweep at hand must still read.")
STANDSTILL: Final = Definition(
    "bridge_standstill_seconds",
    "For how long Prefect's server has not answered, or Kafka has not taken what waits; 0 where all is well.",
)


class State(NamedTuple):
    """The state of the bridge at a moment."""

    silence: float
    live: bool
    pages_to_read: int
    reconnects: int
    standstill: float


class Metrics(Exposition):
    """Counts what is committed, and writes it for Prometheus. There is one per process."""

    def __init__(self, *, wall_clock: Callable[[], Moment]) -> None:
        super().__init__()
        self._wall_clock = wall_clock
        self._events = EVENTS.counter(self._registry)
        self._delay = DELAY.histogram(self._registry)
        self._oversized = OVERSIZED.counter(self._registry)
        self.published = 0
        """How many events have been published, for the last line of the log."""

    def add(self, committed: Committed) -> None:
        """Count a committed transaction."""
        now = self._wall_clock()
        for event, way in committed.published:
            self._events.labels(_name(event.name), way).inc()
            if way is not Way.SWEPT and event.received is not None:
                self._delay.labels(way).observe(max(Span(0), now - event.received) / SECOND)
        self._oversized.inc(committed.oversized)
        self.published += len(committed.published)

    def watch(self, state: Callable[[], State]) -> None:
        """Ask for the bridge's state whenever the metrics are written."""
        self._registry.register(_Gauges(state))


class _Gauges(Collector):
    def __init__(self, state: Callable[[], State]) -> None:
        self._state = state

    def describe(self) -> Iterator[Metric]:
        """Nothing: the state is not asked for until the metrics are scraped."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """The metrics of the current state."""
        now = self._state()
        yield CounterMetricFamily(RECONNECTS.full_name, RECONNECTS.help, value=now.reconnects)
        yield SILENCE.gauge_of(now.silence)
        yield LIVE.gauge_of(now.live)
        yield PAGES.gauge_of(now.pages_to_read)
        yield STANDSTILL.gauge_of(now.standstill)


def _name(event: str) -> str:
    """The value of the label ``event``, one of a fixed set: anybody may emit events of any name."""
    if event in MEANINGS:
        return event
    return f"{Speaker.FLOW_RUN}*" if event.startswith(Speaker.FLOW_RUN) else "other"
