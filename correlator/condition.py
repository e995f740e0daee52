"""How the stage is at a moment: asked for when somebody looks, at its health or its metrics."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from correlator.engine import Engine, Standstill, TopicPartition
from correlator.event import Kind
from correlator.stage.correlate import Correlate
from correlator.stage.still_open import Open


class Condition(NamedTuple):
    """How the stage is at a moment."""

    ready: bool
    """Whether all partitions that are assigned are recovered and read."""
    standstill: Standstill
    """What has not moved for longest though there is something to do."""
    to_recover: int
    """How many offsets of the changelog must still be read before the partitions assigned can be."""
    partitions: Mapping[str, int]
    """How many partitions each topic has that the stage reads, whoever holds them."""
    lags: Mapping[TopicPartition, int]
    """How many offsets each partition that is held is behind its end."""
    uncommitted: Mapping[TopicPartition, int]
    """How many offsets at the end of each partition that is held open transactions keep from being read."""
    still_open: Callable[[Kind], Mapping[str, Open]]
    """What is open of a kind in the partitions held, by work pool."""


def condition_of(engine: Engine, correlate: Correlate, partitions: Mapping[str, int]) -> Condition:
    """The condition as it is now; ``partitions`` is how many each topic has."""
    return Condition(
        ready=engine.ready,
        standstill=engine.standstill,
        to_recover=engine.to_recover,
        partitions={topic: partitions[topic] for topic in engine.topics},
        lags=engine.lags(),
        uncommitted=engine.uncommitted(),
        still_open=correlate.open_by_pool,
    )
