"""Writes metrics for Prometheus, with those that every process has: about itself, and about its release."""

from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector, disable_created_metrics, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from correlator import __version__
from correlator.metrics import definitions


class Exposition:
    """A registry of metrics that writes itself. One per process."""

    content_type: Final = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for every counter, which nobody asks for
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        definitions.release(self._registry).info({"version": __version__})

    def write(self) -> bytes:
        """All metrics, in Prometheus' text format."""
        return generate_latest(self._registry)
