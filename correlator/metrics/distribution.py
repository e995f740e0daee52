"""Histograms that cost little: a record is observed twice, some thousand of them a transaction."""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from correlator.metrics.definitions import Definition


class Observed:
    """A series: how many observations fell into each bucket, and their sum."""

    __slots__ = ("_bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        """By bucket, the last without a bound; not cumulative."""
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count a value in the first bucket whose bound it does not exceed."""
        self.counts[bisect_left(self._bounds, value)] += 1
        self.total += value


class Distribution(Collector):
    """A histogram by labels. That of the client library takes a lock twice an observation, and looks through all
    buckets: four times the price.
    """

    def __init__(self, definition: Definition, registry: CollectorRegistry) -> None:
        self._definition = definition
        self._bounds: Final = [*map(floatToGoString, definition.buckets), "+Inf"]
        self._series: dict[tuple[str, ...], Observed] = {}
        registry.register(self)

    def of(self, *labels: str) -> Observed:
        """The series of these values of the labels."""
        series = self._series.get(labels)
        if series is None:
            series = self._series[labels] = Observed(self._definition.buckets)
        return series

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """All series."""
        family = HistogramMetricFamily(
            self._definition.full_name, self._definition.help, labels=self._definition.labels
        )
        for labels, series in self._series.items():
            buckets = list(zip(self._bounds, accumulate(series.counts), strict=True))
            family.add_metric(labels, buckets, series.total)
        yield family
