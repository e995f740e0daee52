"""Lifecycles to render: as the core decides them, of events as Prefect sends them."""

from msgspec.structs import replace

from correlator import prefect
from correlator.core import Lifecycle, MatchedBy, Outcome
from correlator.prefect import Decoded
from tests.prefect.events import CANCELLED, EXECUTED, STARTED, STOPPED, SUBMITTED, raw


def decoded(said, /, **changes) -> Decoded:
    return prefect.decode(raw(said, **changes), 1000)


def dated(said: Decoded, occurred: int) -> Decoded:
    return replace(said, event=replace(said.event, occurred=occurred))


def lifecycle(outcome, *said: Decoded, matched_by=None, **more) -> Lifecycle:
    """Of these events, the start first, then the end, then the cancellation."""
    first, *_ = said
    events = {it.event.role.value: it.event for it in said}
    told = tuple(dict.fromkeys(it.details for it in said))
    decided = {"cause": "01a20913-dc38-73cb-b3a6-8b1b4ae4f9f5", "told": told, **events, **more}
    matched = matched_by and MatchedBy(matched_by)
    return Lifecycle(kind=first.kind, subject=first.subject, outcome=Outcome(outcome), matched_by=matched, **decided)


START_OF_WORKER = decoded(STARTED)
END_OF_WORKER = decoded(STOPPED, occurred="2026-11-23T15:43:36.986510Z")
START = decoded(SUBMITTED)
END = decoded(EXECUTED, occurred="2026-11-23T15:43:45.737378Z")
CANCELLATION = decoded(CANCELLED, occurred="2026-11-23T15:43:45.728Z", id="01a20914-1137-7db5-9404-5a26cce49642")
ANOTHER = "01a20919-0000-7000-8000-000000000000"
CUT = replace(START, event=replace(START.event, truncated=True))

ALL = {
    "worker completed": lifecycle("completed", START_OF_WORKER, END_OF_WORKER, matched_by="resource", ambiguous=True),
    "worker superseded": lifecycle("superseded", START_OF_WORKER, superseded_by=ANOTHER),
    "worker lost": lifecycle("lost", START_OF_WORKER),
    "worker unmatched": lifecycle("unmatched", END_OF_WORKER),
    "run completed": lifecycle("completed", CUT, END, matched_by="follows"),
    "run cancelled": lifecycle("cancelled", START, END, CANCELLATION, matched_by="resource"),
    "run cancelled, never ended": lifecycle("cancelled", START, CANCELLATION),
    "run cancelled, never submitted": lifecycle("cancelled", END, CANCELLATION),
    "served run cancelled": lifecycle("cancelled", CANCELLATION),
    "run superseded": lifecycle("superseded", START, superseded_by=ANOTHER),
    "run lost": lifecycle("lost", START),
    "run unmatched": lifecycle("unmatched", END),
}
"""Every way to end."""
