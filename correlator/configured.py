"""Turns the settings into rules for deciding events and options for reading them."""

from correlator.core import Rules
from correlator.moments import span_of
from correlator.prefect import Reading
from correlator.settings import Settings


def rules_of(settings: Settings) -> Rules:
    """The rules by which events are decided."""
    return Rules(
        grace=span_of(settings.grace),
        remember=span_of(settings.remember),
        tight_timing=span_of(settings.tight_timing),
        flow_run_limit=span_of(settings.flow_run_limit),
        worker_limit=span_of(settings.worker_limit),
        worker_names_shared=settings.worker_names == "shared",
        max_starts=settings.max_starts,
        max_waiting=settings.max_waiting,
    )


def reading_of(settings: Settings) -> Reading:
    """The options by which events are read."""
    return Reading(settings.max_tags, frozenset(settings.detached_workers))
