"""The stage's metrics: counted where a transaction is committed, asked for where somebody looks."""

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
