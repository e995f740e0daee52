"""The stage's condition at a moment, computed for each look at its health or its metrics."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from correlator.engine import Engine, Standstill, TopicPartition
from correlator.event import Kind
from correlator.stage.correlate import Correlate
from correlator.stage.still_open import Open


class Condition(NamedTuple):
    """The stage's condition at a moment."""

    ready: bool
    """Whether all assigned partitions are recovered and read."""
    standstill: Standstill
    """What has stood still for longest though it has something to do."""
    to_recover: int
    """How many offsets of the changelog must be read before the assigned partitions can be."""
    partitions: Mapping[str, int]
    """The number of partitions of each topic that the stage reads, whoever holds them."""
    lags: Mapping[TopicPartition, int]
    """By how many offsets each partition held is behind its committed records."""
    uncommitted: Mapping[TopicPartition, int]
    """How many offsets at the end of each partition held cannot be read yet, because of open transactions."""
    still_open: Callable[[Kind], Mapping[str, Open]]
    """The open lifecycles of a kind in the partitions held, by work pool."""


def condition_of(engine: Engine, correlate: Correlate, partitions: Mapping[str, int]) -> Condition:
    """The condition as of now. ``partitions``: the number of partitions by topic."""
    return Condition(
        ready=engine.ready,
        standstill=engine.standstill,
        to_recover=engine.to_recover,
        partitions={topic: partitions[topic] for topic in engine.topics},
        lags=engine.lags(),
        uncommitted=engine.uncommitted(),
        still_open=correlate.open_by_pool,
    )
