"""The settings that decisions are made by, as the core wants them: spans in microseconds."""

from datetime import timedelta

from correlator.core import Rules
from correlator.settings import Settings


def rules_of(settings: Settings) -> Rules:
    """The rules that the settings ask for."""
    return Rules(
        grace=_microseconds(settings.grace),
        remember=_microseconds(settings.remember),
        tight_timing=_microseconds(settings.tight_timing),
        clock_tolerance=_microseconds(settings.clock_tolerance),
        flow_run_limit=_microseconds(settings.flow_run_limit),
        worker_limit=_microseconds(settings.worker_limit),
        worker_names_shared=settings.worker_names == "shared",
        max_starts=settings.max_starts,
        max_waiting=settings.max_waiting,
    )


def _microseconds(span: timedelta) -> int:
    return span // timedelta(microseconds=1)
