"""Gauges of the stage's condition, computed whenever the metrics are written."""

from collections.abc import Callable, Iterator, Mapping
from heapq import nsmallest

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from correlator.condition import Condition
from correlator.engine import TopicPartition
from correlator.event import Kind
from correlator.metrics import definitions
from correlator.metrics.definitions import MOST_OPEN_POOLS
from correlator.moments import SECOND, Moment
from correlator.stage import pools
from correlator.stage.still_open import Open, merged


class Gauges(Collector):
    """The stage's condition as gauges."""

    def __init__(self, condition: Callable[[], Condition], wall_clock: Callable[[], Moment]) -> None:
        self._condition, self._wall_clock = condition, wall_clock

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing, so that registering does not compute the gauges."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges as of now."""
        now = self._condition()
        yield definitions.READY.gauge_of(now.ready)
        yield definitions.STANDSTILL.gauge_of(now.standstill.seconds)
        yield definitions.RECOVERY.gauge_of(now.to_recover)
        partitions = definitions.PARTITIONS.gauge()
        for topic, number in now.partitions.items():
            partitions.add_metric([topic], number)
        yield partitions
        yield _by_partition(definitions.LAG.gauge(), now.lags)
        yield _by_partition(definitions.UNCOMMITTED.gauge(), now.uncommitted)
        count, age = definitions.OPEN.gauge(), definitions.OLDEST.gauge()
        for kind in Kind:
            by_pool = _bounded(now.still_open(kind))
            for pool, open_ in by_pool.items():
                count.add_metric([kind, pool], open_.lifecycles)
                age.add_metric([kind, pool], max(0, self._wall_clock() - open_.oldest) / SECOND)
            if pools.OTHER not in by_pool:  # so that a sum is 0 where nothing is open
                count.add_metric([kind, pools.OTHER], 0)
                age.add_metric([kind, pools.OTHER], 0)
        yield from (count, age)


def _bounded(by_pool: Mapping[str, Open]) -> Mapping[str, Open]:
    """The open lifecycles of the `MOST_OPEN_POOLS` pools with the oldest ones, by name; all other pools as one."""
    named = set(
        nsmallest(MOST_OPEN_POOLS, by_pool.keys() - {pools.OTHER}, key=lambda name: (by_pool[name].oldest, name))
    )
    return merged((name if name in named else pools.OTHER, open_) for name, open_ in by_pool.items())


def _by_partition(gauge: GaugeMetricFamily, records: Mapping[TopicPartition, int]) -> GaugeMetricFamily:
    for tp, number in records.items():
        gauge.add_metric([tp.topic, str(tp.partition)], number)
    return gauge
