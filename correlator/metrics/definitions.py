"""Every metric of the stage: its name, help and labels. Only what is committed is counted, so a retried transaction
counts once.
"""

from typing import Final, NamedTuple

from prometheus_client import CollectorRegistry, Counter, Histogram, Info
from prometheus_client.core import GaugeMetricFamily

from correlator.stage import pools

METRIC_PREFIX: Final = "prefect_correlator"

MOST_POOLS: Final = 100
"""How many work pools have series of records of their own; later ones count as `pools.OTHER`."""

MOST_OPEN_POOLS: Final = 50
"""How many work pools have series of open lifecycles of their own, for each kind: the pools with the oldest lifecycles.
The others count as `pools.OTHER`.
"""

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400

DELAYS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, _MINUTE, 5 * _MINUTE, 30 * _MINUTE, _HOUR)
RUN_SPANS: Final = (
    *(1, 5, 15, 30, _MINUTE, 2 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 30 * _MINUTE),
    *(_HOUR, 2 * _HOUR, 4 * _HOUR, 8 * _HOUR, _DAY, 3 * _DAY, 7 * _DAY),
)
"""Bucket bounds in seconds. By default, a run is lost after a week."""

STARTUP_SPANS: Final = (
    *(1, 2, 5, 10, 15, 30, _MINUTE, 90, 2 * _MINUTE, 3 * _MINUTE, 5 * _MINUTE, 10 * _MINUTE, 20 * _MINUTE, _HOUR),
)
"""Bucket bounds in seconds. A process starts at once; a pod that waits for a new node takes minutes."""

WORKER_SPANS: Final = (
    *(10, _MINUTE, 5 * _MINUTE, 15 * _MINUTE, _HOUR, 4 * _HOUR, 12 * _HOUR),
    *(_DAY, 3 * _DAY, 7 * _DAY, 14 * _DAY, 30 * _DAY, 60 * _DAY, 90 * _DAY),
)
"""Bucket bounds in seconds. A worker may be up for months; by default, it is lost after 90 days."""


class Definition(NamedTuple):
    """The definition of a metric for Prometheus."""

    name: str
    """The name without the prefix and, for a counter, without the suffix that Prometheus appends."""
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    """Upper bounds of a histogram's buckets, in seconds and ascending."""

    @property
    def full_name(self) -> str:
        """The name with the prefix."""
        return f"{METRIC_PREFIX}_{self.name}"

    def counter(self, registry: CollectorRegistry) -> Counter:
        """A counter with this definition, in the registry."""
        return Counter(self.full_name, self.help, self.labels, registry=registry)

    def histogram(self, registry: CollectorRegistry) -> Histogram:
        """A histogram with this definition, in the registry."""
        return Histogram(self.full_name, self.help, self.labels, buckets=self.buckets, registry=registry)

    def gauge(self) -> GaugeMetricFamily:
        """A gauge with this definition, without samples yet."""
        return GaugeMetricFamily(self.full_name, self.help, labels=self.labels)

    def gauge_of(self, value: float) -> GaugeMetricFamily:
        """A gauge with this definition, without labels, with a value."""
        return GaugeMetricFamily(self.full_name, self.help, value=value)


def release(registry: CollectorRegistry) -> Info:
    """The metric ``prefect_correlator_info``, whose labels carry the information."""
    return Info(METRIC_PREFIX, "Which release runs.", registry=registry)


EVENTS: Final = Definition(
    "events",
    "Records of a stage's input, each with one fate. Intake: ignored, dead-lettered or forwarded. Correlate: opened,"
    " decided, noted, waiting or duplicate; ignored or dead-lettered where it reads Prefect's events itself.",
    ("stage", "event", "fate"),
)
RECORDS: Final = Definition(
    "records",
    "Records published. Amended ones replace an earlier version of the same record_id.",
    ("kind", "outcome", "matched_by", "amended"),
)
DEAD_LETTERS: Final = Definition(
    "dead_letters",
    "Records in the dead-letter topic, by the reason: InvalidEvent (Prefect's event), UnreadableWire (the lifecycles"
    " topic), UnreadableState (the table).",
    ("reason",),
)
EVICTED: Final = Definition(
    "evicted",
    "Lifecycles that had to end for want of room, of those in records: by MAX_STARTS, MAX_WAITING, or the bytes of a"
    " table entry.",
    ("kind", "outcome"),
)
TRUNCATED: Final = Definition(
    "truncated", "Records that lost tags to MAX_TAGS, or to the limits of an oversized event.", ("kind",)
)

DELAY: Final = Definition(
    "publishing_delay_seconds",
    "From an event's arrival (Prefect's received, else the broker's time) until the record that it caused is committed."
    " What time alone caused, such as lost, is not in it.",
    ("kind",),
    DELAYS,
)
WORKER_UPTIME: Final = Definition(
    "worker_uptime_seconds", "How long workers were up, as first published.", ("work_pool", "outcome"), WORKER_SPANS
)
FLOW_RUN_DURATION: Final = Definition(
    "flow_run_duration_seconds",
    "How long the infrastructure of flow runs lived, as first published. ended_by: whose word the end is (worker,"
    " infrastructure, flow-run).",
    ("work_pool", "outcome", "ended_by"),
    RUN_SPANS,
)
FLOW_RUN_STARTUP: Final = Definition(
    "flow_run_startup_seconds",
    "From a flow run's submit until its own code ran, told with its record, where its RUNNING state is in the input.",
    ("work_pool",),
    STARTUP_SPANS,
)
FLOW_RUN_STATES: Final = Definition(
    "flow_run_states",
    "Flow runs by the type of the state that was their last, told with their records; COMPLETED, FAILED, CRASHED or"
    " CANCELLED.",
    ("work_pool", "type"),
)
DETACHED: Final = Definition(
    "detached_runs", "Submits of workers that do not wait for what they create (DETACHED_WORKERS)."
)
SILENT: Final = Definition(
    "silent_runs",
    "Submits among detached_runs of which nothing was heard within GRACE: no pod or task, no state of the flow run."
    " Their ends stay unknown if that does not change.",
)
UNCLAIMED: Final = Definition(
    "unclaimed_witnesses",
    "Events of pods, tasks and states that found no submit within GRACE, and were forgotten: those of subflows, and of"
    " flows that run without a worker, never have one.",
)

READY: Final = Definition("ready", "1 where all assigned partitions are recovered and read, else 0.")
STANDSTILL: Final = Definition(
    "standstill_seconds",
    "For how long something has not moved, though there is something to do; 0 where all is well.",
)
RECOVERY: Final = Definition(
    "recovery_records",
    "Offsets of the changelog that must still be read before the partitions assigned can be; 0 once they are.",
)
PARTITIONS: Final = Definition(
    "topic_partitions",
    "How many partitions a topic that the stage reads has, whoever holds them; as of the worker's start.",
    ("topic",),
)
LAG: Final = Definition(
    "partition_lag_records",
    "Offsets between what is decided and the end of committed records, of each partition held.",
    ("topic", "partition"),
)
UNCOMMITTED: Final = Definition(
    "uncommitted_records",
    "Offsets between the end of committed records and the end of the partition, of each partition held: what open"
    " transactions of its producers keep from being read.",
    ("topic", "partition"),
)
_BY_POOL: Final = (
    f" By work pool: the {MOST_OPEN_POOLS} with the oldest by name, all others together as {pools.OTHER}, which is"
    f" always there; {pools.NONE} is no pool."
)
OPEN: Final = Definition(
    "open_lifecycles", f"Lifecycles that have not ended, of the partitions held.{_BY_POOL}", ("kind", "work_pool")
)
OLDEST: Final = Definition(
    "oldest_open_age_seconds",
    "Age of the oldest lifecycle that has not ended, of the partitions held, to 10 seconds; 0 where there is none."
    f"{_BY_POOL}",
    ("kind", "work_pool"),
)
