"""What a process tells Prometheus besides what it counts itself: of itself, and which release it is."""

from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector, disable_created_metrics, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from correlator import __version__
from correlator.metrics import definitions


class Exposition:
    """A registry, and how it is written. One a process."""

    content_type: Final = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for every counter, which nobody asks for
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        definitions.release(self._registry).info({"version": __version__})

    def write(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._registry)
