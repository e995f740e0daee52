"""What is not counted but asked for, whenever the metrics are written."""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from correlator.condition import Condition
from correlator.engine import TopicPartition
from correlator.event import Kind
from correlator.metrics import definitions


class Gauges(Collector):
    """The stage's condition as gauges."""

    def __init__(self, condition: Callable[[], Condition], wall_clock: Callable[[], int]) -> None:
        self._condition, self._wall_clock = condition, wall_clock

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing is asked before somebody looks."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """As it is now."""
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
            lifecycles, since = now.still_open(kind)
            count.add_metric([kind], lifecycles)
            age.add_metric([kind], 0 if since is None else max(0, self._wall_clock() - since) / 1e6)
        yield from (count, age)


def _by_partition(gauge: GaugeMetricFamily, records: Mapping[TopicPartition, int]) -> GaugeMetricFamily:
    for tp, number in records.items():
        gauge.add_metric([tp.topic, str(tp.partition)], number)
    return gauge
