"""What is done with runs on Kubernetes, and what the records of their Jobs must say."""

from enum import StrEnum
from typing import Any, Final, NamedTuple

from sessions.expecting import Expected


class Plot(StrEnum):
    """What was done, in words."""

    COMPLETES = "a run completes"
    RAISES = "a run raises"
    EXITS = "a run's process exits with 3"
    COLLECTED = "a run completes, and Kubernetes deletes its Job at once"
    OOM = "a run's flow is killed for memory"
    OOM_AT_START = "a run's pod is killed for memory before the flow begins"
    OUTLIVES = "a run completes while no worker lives, or after another one was started"
    EXITS_ALONE = "a run's process exits with 3 while no worker lives"
    VANISHES = "a run's Job is deleted while no worker lives"
    DELETED = "a run's pod is deleted, and Prefect schedules the run anew"
    REPLACED = "a run's pod is deleted, and Kubernetes replaces it"
    FORCED = "a run's pod is deleted by force, and Prefect schedules the run anew"
    FORCED_REPLACED = "a run's pod is deleted by force, and Kubernetes replaces it"
    JOB_DELETED = "a run's Job is deleted"
    DRAINED = "a run's node is drained, and Prefect schedules the run anew"
    DRAINED_REPLACED = "a run's node is drained, and Kubernetes replaces the pod"
    EVICTED = "a run's pods are evicted, and it is scheduled anew each time until it is cancelled"
    EVICTED_FOR_GOOD = "a run's pods are evicted until its Job gives up"
    EVICTED_ALONE = "a run's pods are evicted until its Job gives up, while no worker lives"
    CANCELLED = "a run is cancelled while it runs"
    UNSCHEDULABLE = "a run is cancelled for whose pod no node has room"
    NO_IMAGE = "a run's image is not there, and its Job is deleted"


class Expectation(NamedTuple):
    """What the records of a run's Jobs must say."""

    last: Expected
    earlier: Expected | None = None
    """The expected records of all Jobs before the last; None if there is only one Job."""


def _ended(
    outcome: str = "completed",
    state: str | None = "COMPLETED",
    by: str | None = "infrastructure",
    exits: tuple[str | None, ...] = ("succeeded",),
    reasons: tuple[str | None, ...] = (None,),
    why: str = "",
) -> Expected:
    says: dict[str, frozenset[Any]] = {
        "ended_by": frozenset({by}),
        "state.type": frozenset({state}),
        "infrastructure.exit": frozenset(exits),
        "infrastructure.reason": frozenset(reasons),
        "infrastructure.status_code": frozenset({None}),
    }
    return Expected(outcome, says, why)


_COMPLETED: Final = _ended()
_CRASHED: Final = _ended(state="CRASHED")
_CANCELLED: Final = _ended("cancelled", "CANCELLED")
_LEFT: Final = _ended(state=None)
"""A submit that Prefect follows up with another: its pod reports its end, and no state does."""
_KILLED: Final = _ended(state="CRASHED", exits=("evicted",), reasons=("Error",))
_GAVE_UP: Final = _ended(state="CRASHED", exits=("evicted", "failed"), reasons=("Error", "Evicted", None))
_UNTOLD: Final = (None,)

EXPECTED: Final = {
    Plot.COMPLETES: Expectation(_COMPLETED),
    Plot.RAISES: Expectation(_ended(state="FAILED")),
    Plot.EXITS: Expectation(_CRASHED),
    Plot.COLLECTED: Expectation(_COMPLETED),
    Plot.OOM: Expectation(_ended(state="CRASHED", reasons=("OOMKilled",))),
    Plot.OOM_AT_START: Expectation(_ended(state="CRASHED", exits=("evicted",), reasons=("OOMKilled",))),
    Plot.OUTLIVES: Expectation(_COMPLETED),
    Plot.EXITS_ALONE: Expectation(_CRASHED),
    Plot.VANISHES: Expectation(
        _ended("lost", None, None, _UNTOLD, why="no observer saw the Job go: the flow run is Running for ever")
    ),
    Plot.DELETED: Expectation(_COMPLETED, _LEFT),
    Plot.REPLACED: Expectation(_COMPLETED),
    Plot.FORCED: Expectation(
        _COMPLETED,
        _ended("superseded", None, None, _UNTOLD, why="nobody tells of the end of what is deleted by force"),
    ),
    Plot.FORCED_REPLACED: Expectation(_COMPLETED),
    Plot.JOB_DELETED: Expectation(_KILLED),
    Plot.DRAINED: Expectation(_COMPLETED, _LEFT),
    Plot.DRAINED_REPLACED: Expectation(_COMPLETED),
    Plot.EVICTED: Expectation(_CANCELLED, _ended(state=None, exits=("evicted",), reasons=("Error", "Evicted"))),
    Plot.EVICTED_FOR_GOOD: Expectation(_GAVE_UP),
    Plot.EVICTED_ALONE: Expectation(_GAVE_UP),
    Plot.CANCELLED: Expectation(_CANCELLED),
    Plot.UNSCHEDULABLE: Expectation(
        _ended("cancelled", "CANCELLED", "flow-run", _UNTOLD, why="it has no pod that ended; the server cancelled it")
    ),
    Plot.NO_IMAGE: Expectation(
        _ended(
            state="CRASHED",
            exits=("evicted",),
            reasons=("ContainerStatusUnknown",),
            why="the API has no times of its container, which the observer dates by its own clock",
        )
    ),
}
"""The expected records, by plot."""
