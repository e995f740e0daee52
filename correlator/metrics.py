"""Every metric of the stage, with its help. Counted is what is committed, so that a retried transaction counts once."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Final, NamedTuple

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    Info,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from correlator import __version__, prefect
from correlator.condition import Condition
from correlator.core import Lifecycle, Outcome
from correlator.event import Kind
from correlator.stage.draft import Published, Tally

PREFIX: Final = "prefect_correlator"

MOST_POOLS: Final = 100
"""Work pools told apart; those that come later are ``other``: people name pools, and a label must have bounds."""

MOST_SERIES: Final = 10_000
"""Label sets that are kept at hand."""

DELAYS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600)
SPANS: Final = (1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400, 28_800, 86_400, 259_200, 604_800)
"""Seconds: runs take from one to a week, workers live for minutes to months."""


class Metrics:
    """What is counted, and how it is written for Prometheus. One a process."""

    content_type: Final = CONTENT_TYPE_LATEST

    def __init__(self, *, wall_clock: Callable[[], int]) -> None:
        """``wall_clock``: microseconds since 1970 UTC."""
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for every counter, which nobody asks for
        self._wall_clock = wall_clock
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        Info(PREFIX, "Which release runs.", registry=registry).info({"version": __version__})
        self._events = Counter(
            f"{PREFIX}_events",
            "Records of a stage's input, each with one fate. Intake: ignored, dead-lettered or forwarded. Correlate:"
            " opened, decided, waiting or duplicate; ignored or dead-lettered where it reads Prefect's events itself.",
            ["stage", "event", "fate"],
            registry=registry,
        )
        self._records = Counter(
            f"{PREFIX}_records",
            "Records published. Amended ones replace an earlier version of the same record_id.",
            ["kind", "outcome", "matched_by", "amended"],
            registry=registry,
        )
        self._dead_letters = Counter(
            f"{PREFIX}_dead_letters",
            "Records in the dead-letter topic, by the reason: InvalidEvent (Prefect's event), UnreadableWire (the"
            " lifecycles topic), UnreadableState (the table).",
            ["reason"],
            registry=registry,
        )
        self._evicted = Counter(
            f"{PREFIX}_evicted",
            "Lifecycles that had to end for want of room, of those in records: by MAX_STARTS, MAX_WAITING, or the bytes"
            " of a table entry.",
            ["kind", "outcome"],
            registry=registry,
        )
        self._truncated = Counter(
            f"{PREFIX}_truncated",
            "Records that lost tags to MAX_TAGS, or to the limits of an oversized event.",
            ["kind"],
            registry=registry,
        )
        self._delay = Histogram(
            f"{PREFIX}_publishing_delay_seconds",
            "From an event's arrival (Prefect's received, else the broker's time) until the record that it caused is"
            " committed. What time alone caused, such as lost, is not in it.",
            ["kind"],
            buckets=DELAYS,
            registry=registry,
        )
        self._spans = {
            Kind.WORKER: Histogram(
                f"{PREFIX}_worker_uptime_seconds",
                "How long workers were up, as first published.",
                ["work_pool", "outcome"],
                buckets=SPANS,
                registry=registry,
            ),
            Kind.FLOW_RUN: Histogram(
                f"{PREFIX}_flow_run_duration_seconds",
                "How long the infrastructure of flow runs lived, as first published.",
                ["work_pool", "outcome"],
                buckets=SPANS,
                registry=registry,
            ),
        }
        self._pools: set[str] = set()
        self._series: dict[tuple[object, ...], _Series] = {}
        # An alert needs the zero before the first.
        for reason in ("InvalidEvent", "UnreadableWire", "UnreadableState"):
            self._dead_letters.labels(reason)
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
        for reason, count in tally.dead_letters.items():
            self._dead_letters.labels(reason).inc(count)
        now = self._wall_clock()
        for published in tally.published:
            self._publish(published, now)

    def _publish(self, published: Published, now: int) -> None:
        lifecycle, arrived = published
        start, end, pool = lifecycle.start, lifecycle.end, _pool(lifecycle)
        whole = start is not None and end is not None
        key = (lifecycle.kind, lifecycle.outcome, lifecycle.matched_by, lifecycle.amended, whole, pool)
        series = self._series.get(key)
        if series is None:
            series = self._series_of(lifecycle, pool, measured=whole and not lifecycle.amended)
            if len(self._series) < MOST_SERIES:
                self._series[key] = series
        series.records.inc()
        if lifecycle.truncated:
            self._truncated.labels(lifecycle.kind).inc()
        if lifecycle.evicted:
            self._evicted.labels(lifecycle.kind, str(lifecycle.outcome)).inc()
        if lifecycle.amended:
            return
        if arrived is not None:
            series.delay.observe(max(0, now - arrived) / 1e6)
        if series.span is not None and start is not None and end is not None:
            series.span.observe(max(0, end.occurred - start.occurred) / 1e6)

    def _series_of(self, lifecycle: Lifecycle, pool: str, *, measured: bool) -> "_Series":
        kind, outcome = lifecycle.kind, str(lifecycle.outcome)
        if len(self._pools) >= MOST_POOLS and pool not in self._pools:
            pool = "other"
        self._pools.add(pool)
        matched_by, amended = str(lifecycle.matched_by or "none"), str(lifecycle.amended).lower()
        return _Series(
            self._records.labels(kind, outcome, matched_by, amended),
            self._delay.labels(kind),
            self._spans[kind].labels(pool, outcome) if measured else None,
        )

    def fates(self) -> dict[str, int]:
        """How many records of the input met which fate."""
        fates: dict[str, int] = {}
        for family in self._events.collect():
            for sample in family.samples:
                if sample.name.endswith("_total"):
                    fates[sample.labels["fate"]] = fates.get(sample.labels["fate"], 0) + int(sample.value)
        return fates

    def watch(self, condition: Callable[[], Condition]) -> None:
        """Ask for the stage's condition whenever the metrics are written."""
        self._registry.register(_Conditions(condition, self._wall_clock))

    def write(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._registry)


class _Series(NamedTuple):
    """Where a record is counted: `labels` looks its series up anew each time, for half of the price of counting."""

    records: Counter
    delay: Histogram
    span: Histogram | None
    """None where there is none to measure: 18 series for nothing."""


def _pool(lifecycle: Lifecycle) -> str:
    for event in (lifecycle.start, lifecycle.end):
        pool = event and event.details.get("work_pool")
        if isinstance(pool, dict) and isinstance(name := pool.get("name"), str):
            return name
    return "none"


class _Conditions(Collector):
    def __init__(self, condition: Callable[[], Condition], wall_clock: Callable[[], int]) -> None:
        self._condition, self._wall_clock = condition, wall_clock

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing is asked before somebody looks."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        ready, standstill, lags, still_open = self._condition()
        yield GaugeMetricFamily(
            f"{PREFIX}_ready", "1 where all assigned partitions are recovered and read, else 0.", value=float(ready)
        )
        yield GaugeMetricFamily(
            f"{PREFIX}_standstill_seconds",
            "For how long something has not moved, though there is something to do; 0 where all is well.",
            value=standstill.seconds,
        )
        lag = GaugeMetricFamily(
            f"{PREFIX}_partition_lag_records",
            "Offsets between what is decided and the end of committed records, of each partition held.",
            labels=["topic", "partition"],
        )
        for tp, records in lags.items():
            lag.add_metric([tp.topic, str(tp.partition)], records)
        yield lag
        count = GaugeMetricFamily(
            f"{PREFIX}_open_lifecycles", "Lifecycles that have not ended, of the partitions held.", labels=["kind"]
        )
        age = GaugeMetricFamily(
            f"{PREFIX}_oldest_open_age_seconds",
            "Age of the oldest lifecycle that has not ended, of the partitions held; 0 where there is none.",
            labels=["kind"],
        )
        for kind in Kind:
            lifecycles, since = still_open(kind)
            count.add_metric([kind], lifecycles)
            age.add_metric([kind], 0 if since is None else max(0, self._wall_clock() - since) / 1e6)
        yield count
        yield age
