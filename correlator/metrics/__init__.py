"""The stage's metrics: counters are counted when a transaction is committed, gauges computed when they are scraped."""

from correlator.metrics.definitions import (
    METRIC_PREFIX,
    MOST_OPEN_POOLS,
    MOST_POOLS,
    RUN_SPANS,
    STARTUP_SPANS,
    WORKER_SPANS,
)
from correlator.metrics.metrics import Metrics

__all__ = ["METRIC_PREFIX", "MOST_OPEN_POOLS", "MOST_POOLS", "RUN_SPANS", "STARTUP_SPANS", "WORKER_SPANS", "Metrics"]
