"""Counts what a transaction did, once it is committed, and writes the counts for Prometheus."""

from collections import Counter
from collections.abc import Callable
from itertools import product
from typing import Final

from prometheus_client import Histogram

from correlator import prefect
from correlator.condition import Condition
from correlator.core import Fate, Outcome, UnreadableState
from correlator.event import Kind
from correlator.metrics import definitions
from correlator.metrics.definitions import MOST_POOLS
from correlator.metrics.exposition import Exposition
from correlator.metrics.gauges import Gauges
from correlator.moments import SECOND, Moment, Span
from correlator.prefect import InvalidEvent
from correlator.stage import pools
from correlator.stage.tally import Series, Tally
from correlator.wire import UnreadableWire

REASONS: Final = (InvalidEvent, UnreadableWire, UnreadableState)
"""The exceptions that make a dead letter."""


class Metrics(Exposition):
    """The stage's counts, which write themselves for Prometheus. One per process."""

    def __init__(self, *, wall_clock: Callable[[], Moment]) -> None:
        super().__init__()
        self._wall_clock, registry = wall_clock, self._registry
        self._events = definitions.EVENTS.counter(registry)
        self._records = definitions.RECORDS.counter(registry)
        self._dead_letters = definitions.DEAD_LETTERS.counter(registry)
        self._evicted = definitions.EVICTED.counter(registry)
        self._truncated = definitions.TRUNCATED.counter(registry)
        delay = definitions.DELAY.histogram(registry)
        self._detached = definitions.DETACHED.counter(registry)
        self._silent = definitions.SILENT.counter(registry)
        self._unclaimed = definitions.UNCLAIMED.counter(registry)
        self._states = definitions.FLOW_RUN_STATES.counter(registry)
        self._startups = definitions.FLOW_RUN_STARTUP.histogram(registry)
        self._uptimes = definitions.WORKER_UPTIME.histogram(registry)
        self._durations = definitions.FLOW_RUN_DURATION.histogram(registry)
        self._pools: set[str] = set()
        self._lives: dict[Series, Histogram] = {}
        self._fates = Counter[Fate]()
        # An alert on an increase needs the series at 0 before the first count.
        self._delays = {kind: delay.labels(kind) for kind in Kind}
        for reason in REASONS:
            self._dead_letters.labels(reason.__name__)
        for kind in Kind:
            self._truncated.labels(kind)
            self._evicted.labels(kind, Outcome.LOST)
        for kind, outcome in product(Kind, (Outcome.SUPERSEDED, Outcome.LOST, Outcome.UNMATCHED)):
            self._records.labels(kind, outcome, "none", "false")

    def add(self, tally: Tally) -> None:
        """Count the tally of a committed step."""
        for (meaning, fate), count in tally.events.items():
            name = "other" if meaning is None else prefect.NAMES[meaning]
            self._events.labels(tally.stage, name, fate).inc(count)
            self._fates[fate] += count
        for reason, count in tally.dead_letters.items():
            self._dead_letters.labels(reason).inc(count)
        for (kind, outcome, matched_by, amended), count in tally.records.items():
            self._records.labels(kind, outcome, matched_by or "none", str(amended).lower()).inc(count)
        for kind, count in tally.truncated.items():
            self._truncated.labels(kind).inc(count)
        for (kind, outcome), count in tally.evicted.items():
            self._evicted.labels(kind, outcome).inc(count)
        now = self._wall_clock()
        for kind, arrivals in tally.arrivals.items():
            observe = self._delays[kind].observe
            for arrived in arrivals:
                observe(max(Span(0), now - arrived) / SECOND)
        for series, spans in tally.spans.items():
            _observe(self._lives_of(series), spans)
        for pool, startups in tally.startups.items():
            _observe(self._startups.labels(self._bounded(pool)), startups)
        for (pool, type_), count in tally.states.items():
            self._states.labels(self._bounded(pool), type_).inc(count)
        self._detached.inc(tally.detached)
        self._silent.inc(tally.silent)
        self._unclaimed.inc(tally.unclaimed)

    def _lives_of(self, series: Series) -> Histogram:
        """The histogram of a series, cached for pools within the bound."""
        known = self._lives.get(series)
        if known is None:
            kind, pool, outcome, ended_by = series
            label = self._bounded(pool)
            if kind is Kind.WORKER:
                known = self._uptimes.labels(label, str(outcome))
            else:
                known = self._durations.labels(label, str(outcome), str(ended_by))
            if label == pool:
                self._lives[series] = known
        return known

    def _bounded(self, pool: str) -> str:
        """The label of a pool; pools beyond `MOST_POOLS` share one."""
        if pool not in self._pools:
            if len(self._pools) >= MOST_POOLS:
                return pools.OTHER
            self._pools.add(pool)
        return pool

    def fates(self) -> dict[Fate, int]:
        """The number of input records by fate."""
        return dict(self._fates)

    def watch(self, condition: Callable[[], Condition]) -> None:
        """Include the stage's condition whenever the metrics are written."""
        self._registry.register(Gauges(condition, self._wall_clock))


def _observe(histogram: Histogram, spans: list[Span]) -> None:
    for span in spans:
        histogram.observe(max(Span(0), span) / SECOND)
