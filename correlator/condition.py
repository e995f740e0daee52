"""How the stage is at a moment: asked for when somebody looks, at its health or its metrics."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from correlator.engine import Engine, Standstill, TopicPartition
from correlator.event import Kind
from correlator.stage.correlate import Correlate


class Condition(NamedTuple):
    """How the stage is at a moment; asked for when somebody looks."""

    ready: bool
    """Whether all partitions that are assigned are recovered and read."""
    standstill: Standstill
    """What has not moved for longest though there is something to do."""
    lags: Mapping[TopicPartition, int]
    """How many offsets each partition that is held is behind its end."""
    still_open: Callable[[Kind], tuple[int, int | None]]
    """How many lifecycles of a kind are open in the partitions held, and when the oldest began (microseconds)."""


def condition_of(engine: Engine, correlate: Correlate) -> Condition:
    """The condition as it is now."""
    return Condition(engine.ready, engine.watchdog.standstill, engine.lags(), correlate.still_open)
