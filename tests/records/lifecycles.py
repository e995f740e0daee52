"""Lifecycles to render: as the core decides them, of events as Prefect sends them."""

from correlator import prefect
from correlator.core import Lifecycle, MatchedBy, Outcome
from correlator.event import Event
from tests.prefect.events import CANCELLED, EXECUTED, STARTED, STOPPED, SUBMITTED, raw


def event(said, /, **changes) -> Event:
    return prefect.decode(raw(said, **changes), 1000).event


def lifecycle(outcome, *events, matched_by=None, **more) -> Lifecycle:
    decided = {
        "ambiguous": False,
        "truncated": False,
        "superseded_by": None,
        "cause": "01a20913-dc38-73cb-b3a6-8b1b4ae4f9f5",
        "replaces": None,
        **dict.fromkeys(("start", "end", "cancellation")),
        **{str(event.role): event for event in events},
        **more,
    }
    matched = matched_by and MatchedBy(matched_by)
    return Lifecycle(events[0].kind, events[0].subject, Outcome(outcome), matched, **decided)


START_OF_WORKER = event(STARTED)
END_OF_WORKER = event(STOPPED, occurred="2026-11-23T15:43:36.986510Z")
START = event(SUBMITTED)
END = event(EXECUTED, occurred="2026-11-23T15:43:45.737378Z")
CANCELLATION = event(CANCELLED, occurred="2026-11-23T15:43:45.728Z", id="01a20914-1137-7db5-9404-5a26cce49642")
ANOTHER = "01a20919-0000-7000-8000-000000000000"

ALL = {
    "worker completed": lifecycle("completed", START_OF_WORKER, END_OF_WORKER, matched_by="resource", ambiguous=True),
    "worker superseded": lifecycle("superseded", START_OF_WORKER, superseded_by=ANOTHER),
    "worker lost": lifecycle("lost", START_OF_WORKER),
    "worker unmatched": lifecycle("unmatched", END_OF_WORKER),
    "run completed": lifecycle("completed", START, END, matched_by="follows", truncated=True),
    "run cancelled": lifecycle("cancelled", START, END, CANCELLATION, matched_by="resource"),
    "run cancelled, never ended": lifecycle("cancelled", START, CANCELLATION),
    "run cancelled, never submitted": lifecycle("cancelled", END, CANCELLATION),
    "served run cancelled": lifecycle("cancelled", CANCELLATION),
    "run superseded": lifecycle("superseded", START, superseded_by=ANOTHER),
    "run lost": lifecycle("lost", START),
    "run unmatched": lifecycle("unmatched", END),
}
"""Every way to end."""
