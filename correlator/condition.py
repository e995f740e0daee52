"""How the stage is at a moment: asked for when somebody looks, at its health or its metrics."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from correlator.engine import Engine, Standstill
from correlator.event import Kind
from correlator.stage.correlate import Correlate


class Lag(NamedTuple):
    """How far behind its end a partition is."""

    topic: str
    partition: int
    records: int


class Condition(NamedTuple):
    """How the stage is at a moment; asked for when somebody looks."""

    ready: bool
    """Whether all partitions that are assigned are recovered and read."""
    standstill: Standstill
    """What has not moved for longest though there is something to do."""
    lags: Iterable[Lag]
    """Of the partitions held."""
    still_open: Callable[[Kind], tuple[int, int | None]]
    """How many lifecycles of a kind are open in the partitions held, and when the oldest began (microseconds)."""


def condition_of(engine: Engine, correlate: Correlate) -> Condition:
    """The condition as it is now."""
    lags = (Lag(*tp, records) for tp, records in engine.lags().items())
    return Condition(engine.ready, engine.watchdog.standstill, lags, correlate.open_subjects)
