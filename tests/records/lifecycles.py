"""Lifecycles to render, as the core decides them, with events as Prefect sends them."""

from msgspec.structs import replace

from correlator import prefect
from correlator.core import Lifecycle, MatchedBy, Outcome
from correlator.event import Details
from correlator.prefect import Decoded
from tests.prefect.events import (
    CANCELLED,
    CANCELLED_BY_WORKER,
    EXECUTED,
    KUBERNETES_WORKER,
    READING,
    STARTED,
    STATES,
    STOPPED,
    SUBMITTED,
    pod,
    raw,
    related,
    task,
)


def decoded(said, /, **changes) -> Decoded:
    return prefect.decode(raw(said, **changes), READING)


def dated(said: Decoded, occurred: int) -> Decoded:
    return replace(said, event=replace(said.event, occurred=occurred))


def lifecycle(outcome, *said: Decoded, matched_by=None, by=None, **more) -> Lifecycle:
    """A lifecycle of these events: the start, then the end, the cancellation and witnesses. ``by``: the witness that
    reports its end.
    """
    first, *_ = said
    events = {it.event.role.value: it.event for it in said}
    if by is not None:
        events["end"] = by.event
    told = tuple(dict.fromkeys(it.details for it in said if it.details != Details())) or (Details(),)
    decided = {"cause": "01a20913-dc38-73cb-b3a6-8b1b4ae4f9f5", "told": told, **events, **more}
    matched = matched_by and MatchedBy(matched_by)
    return Lifecycle(kind=first.kind, subject=first.subject, outcome=Outcome(outcome), matched_by=matched, **decided)


START_OF_WORKER = decoded(STARTED)
END_OF_WORKER = decoded(STOPPED, occurred="2026-11-23T15:43:36.986510Z")
START = decoded(SUBMITTED)
END = decoded(EXECUTED, occurred="2026-11-23T15:43:45.737378Z")
CANCELLATION = decoded(CANCELLED, occurred="2026-11-23T15:43:45.728Z", id="01a20914-1137-7db5-9404-5a26cce49642")
CANCELLATION_BY_WORKER = decoded(
    CANCELLED_BY_WORKER, occurred="2026-11-23T15:43:45.728Z", id="01a20914-1137-7db5-9404-5a26cce49643"
)

# In Kubernetes: its worker does not wait.

JOB = "default:heavenly-condor-fdfbb"
DETACHED = decoded(SUBMITTED, resource=KUBERNETES_WORKER)
CREATION = decoded(
    EXECUTED,
    occurred="2026-11-23T15:38:22.737255Z",
    resource=KUBERNETES_WORKER,
    related=related(identifier=JOB, status_code="0"),
)
RUNNING = decoded(STATES["Running"], occurred="2026-11-23T15:38:46.527477Z", id="01a20914-1137-7db5-9404-5a26cce49644")
COMPLETED = decoded(STATES["Completed"], occurred="2026-11-23T15:39:06Z", id="01a20914-1137-7db5-9404-5a26cce49645")
CRASHED = decoded(STATES["Crashed"], occurred="2026-11-23T15:39:06Z", id="01a20914-1137-7db5-9404-5a26cce49646")
CANCELLED_STATE = decoded(
    STATES["Cancelled"], occurred="2026-11-23T15:39:06Z", id="01a20914-1137-7db5-9404-5a26cce49647"
)
POD_END = decoded(pod("succeeded"), occurred="2026-11-23T15:39:09Z", id="01a20914-1137-7db5-9404-5a26cce49648")
EVICTION = decoded(
    pod("evicted", reason="OOMKilled"), occurred="2026-11-23T15:39:09Z", id="01a20914-1137-7db5-9404-5a26cce49649"
)
TASK_END = decoded(task("stopped"), occurred="2026-11-23T15:39:09Z", id="01a20914-1137-7db5-9404-5a26cce4964a")
WORDS = (DETACHED, CREATION, RUNNING)

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
    "run completed, in a state": lifecycle("completed", START, END, RUNNING, CRASHED, matched_by="follows"),
    "run ended by its pod": lifecycle("completed", *WORDS, COMPLETED, POD_END, by=POD_END, matched_by="resource"),
    "run ended by its pod, without a state": lifecycle(
        "completed", *WORDS, EVICTION, by=EVICTION, matched_by="resource"
    ),
    "run ended by its task": lifecycle("completed", *WORDS, CRASHED, TASK_END, by=TASK_END, matched_by="resource"),
    "run ended by its state": lifecycle("completed", *WORDS, CRASHED, by=CRASHED, matched_by="resource"),
    "run of a killed worker": lifecycle("completed", START, RUNNING, CRASHED, by=CRASHED, matched_by="resource"),
    "run cancelled by its state": lifecycle(
        "cancelled",
        START,
        CANCELLED_STATE,
        by=CANCELLED_STATE,
        cancellation=CANCELLED_STATE.event,
        matched_by="resource",
    ),
    "run cancelled in Kubernetes": lifecycle(
        "cancelled",
        *WORDS,
        CANCELLATION,
        CANCELLED_STATE,
        POD_END,
        by=POD_END,
        cancellation=CANCELLED_STATE.event,
        matched_by="resource",
    ),
    "run cancelled by its worker": lifecycle("cancelled", START, END, CANCELLATION_BY_WORKER, matched_by="follows"),
    "run that nobody speaks of": lifecycle("lost", DETACHED, CREATION),
}
"""A lifecycle for every way to end."""
