"""Counting what a transaction did, once it is committed, and writing all of it for Prometheus."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import product
from typing import Final

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector, disable_created_metrics, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from correlator import __version__, prefect
from correlator.condition import Condition
from correlator.core import Lifecycle, Outcome, UnreadableState
from correlator.event import Kind
from correlator.metrics import definitions
from correlator.metrics.definitions import MOST_POOLS
from correlator.metrics.gauges import Gauges
from correlator.prefect import InvalidEvent
from correlator.stage.draft import Published, Tally
from correlator.wire import UnreadableWire

REASONS: Final = (InvalidEvent, UnreadableWire, UnreadableState)
"""What makes a dead letter."""


class Metrics:
    """What is counted, and how it is written for Prometheus. One a process."""

    content_type: Final = CONTENT_TYPE_LATEST

    def __init__(self, *, wall_clock: Callable[[], int]) -> None:
        """``wall_clock``: microseconds since 1970 UTC."""
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for every counter, which nobody asks for
        self._wall_clock = wall_clock
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        definitions.release(registry).info({"version": __version__})
        self._events = definitions.EVENTS.counter(registry)
        self._records = definitions.RECORDS.counter(registry)
        self._dead_letters = definitions.DEAD_LETTERS.counter(registry)
        self._evicted = definitions.EVICTED.counter(registry)
        self._truncated = definitions.TRUNCATED.counter(registry)
        delay = definitions.DELAY.histogram(registry)
        self._spans = {
            Kind.WORKER: definitions.WORKER_UPTIME.histogram(registry),
            Kind.FLOW_RUN: definitions.FLOW_RUN_DURATION.histogram(registry),
        }
        self._pools: set[str] = set()
        self._lives: dict[tuple[Kind, str, Outcome | None], Histogram] = {}
        self._fates = Counter[str]()
        # An alert needs the zero before the first.
        self._delays = {kind: delay.labels(kind) for kind in Kind}
        for reason in REASONS:
            self._dead_letters.labels(reason.__name__)
        for kind in Kind:
            self._truncated.labels(kind)
            self._evicted.labels(kind, Outcome.LOST)
        for kind, outcome in product(Kind, (Outcome.SUPERSEDED, Outcome.LOST, Outcome.UNMATCHED)):
            self._records.labels(kind, outcome, "none", "false")

    def add(self, tally: Tally) -> None:
        """Count a transaction that is committed."""
        for (meaning, fate), count in tally.events.items():
            name = "other" if meaning is None else prefect.NAMES[meaning]
            self._events.labels(tally.stage, name, fate).inc(count)
            self._fates[fate] += count
        for reason, count in tally.dead_letters.items():
            self._dead_letters.labels(reason).inc(count)
        if tally.published:
            self._count(tally.published)
            self._measure(tally.published)

    def _count(self, published: Sequence[Published]) -> None:
        """Each series once: looking one up costs as much as all else about a record."""
        records = Counter((one.kind, one.outcome, one.matched_by, one.amended) for one, _ in published)
        for (kind, outcome, matched_by, amended), count in records.items():
            self._records.labels(kind, outcome, matched_by or "none", str(amended).lower()).inc(count)
        for kind, count in Counter(one.kind for one, _ in published if one.truncated).items():
            self._truncated.labels(kind).inc(count)
        for (kind, outcome), count in Counter((one.kind, one.outcome) for one, _ in published if one.evicted).items():
            self._evicted.labels(kind, outcome).inc(count)

    def _measure(self, published: Sequence[Published]) -> None:
        """Of first versions alone: an amendment is no second life."""
        now = self._wall_clock()
        for one, arrived in published:
            if one.amended:
                continue
            if arrived is not None:
                self._delays[one.kind].observe(max(0, now - arrived) / 1e6)
            span = one.span
            if span is not None:
                self._lives_like(one).observe(max(0, span) / 1e6)

    def _lives_like(self, lifecycle: Lifecycle) -> Histogram:
        """The series of its kind, pool and outcome; kept at hand, as the client's `labels` costs more than counting."""
        pool = _pool(lifecycle)
        if pool not in self._pools:
            if len(self._pools) < MOST_POOLS:
                self._pools.add(pool)
            else:
                pool = "other"
        key = lifecycle.kind, pool, lifecycle.outcome
        series = self._lives.get(key)
        if series is None:
            series = self._lives[key] = self._spans[lifecycle.kind].labels(pool, str(lifecycle.outcome))
        return series

    def fates(self) -> dict[str, int]:
        """How many records of the input met which fate."""
        return dict(self._fates)

    def watch(self, condition: Callable[[], Condition]) -> None:
        """Ask for the stage's condition whenever the metrics are written."""
        self._registry.register(Gauges(condition, self._wall_clock))

    def write(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._registry)


def _pool(lifecycle: Lifecycle) -> str:
    for event in (lifecycle.start, lifecycle.end):
        pool = event and event.details.get("work_pool")
        if isinstance(pool, dict) and isinstance(name := pool.get("name"), str):
            return name
    return "none"
