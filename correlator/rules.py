"""The settings that events are read and decided by."""

from datetime import timedelta

from correlator.core import Rules
from correlator.moments import Span
from correlator.prefect import Reading
from correlator.settings import Settings


def rules_of(settings: Settings) -> Rules:
    """The rules that the settings ask for."""
    return Rules(
        grace=_span(settings.grace),
        remember=_span(settings.remember),
        tight_timing=_span(settings.tight_timing),
        flow_run_limit=_span(settings.flow_run_limit),
        worker_limit=_span(settings.worker_limit),
        worker_names_shared=settings.worker_names == "shared",
        max_starts=settings.max_starts,
        max_waiting=settings.max_waiting,
    )


def reading_of(settings: Settings) -> Reading:
    """How events are read."""
    return Reading(settings.max_tags, frozenset(settings.detached_workers))


def _span(span: timedelta) -> Span:
    return Span(span // timedelta(microseconds=1))
