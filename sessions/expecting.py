"""The record expected for each thing done, by release of Prefect."""

from collections.abc import Collection, Mapping
from typing import Any, Final, TypeAlias

from msgspec import Struct

from sessions.deeds import Plot
from sessions.release import Release

Says: TypeAlias = Mapping[str, frozenset[Any]]
"""The values allowed at places in a record. A place is a path of keys, separated by dots."""


class Expected(Struct, frozen=True):
    """The expected record of something that was done."""

    outcome: str | None
    """None if there must be no record."""
    says: Says = {}
    why: str = ""
    """Why Prefect does not report its end, or anything about it; empty if it does."""


_ENDED: Final = frozenset({0, -15, 143})
"""Exit codes of a process that was told to end: it may end by the signal or by itself."""
_REFUSED: Final = frozenset({1})
"""Its exit code if it found out first that it may not run. Then no runner or worker reports the cancellation."""
_NULL: Final = frozenset({None})


def expected(plot: Plot, release: Release) -> Expected:
    """The record expected for a plot on a release."""
    return _of_worker(plot, release) if plot.is_worker else _of_run(plot, release)


def _of_worker(plot: Plot, release: Release) -> Expected:
    if plot is Plot.KILLED:
        return Expected("superseded", why="a worker that is killed says nothing")
    if not release.tells_stops:
        return Expected("lost", why="Prefect before 3.1.3 delivers no `stopped`")
    return Expected("completed", {"matched_by": frozenset({"resource" if plot is Plot.OLD else "follows"})})


def _of_run(plot: Plot, release: Release) -> Expected:
    match plot:
        case Plot.LONG:
            return _ran("COMPLETED", 0, "resource")
        case Plot.RAISES:
            return _ran("FAILED", release.raised_exit)
        case Plot.EXITS:
            return _ran("CRASHED", 3)
        case Plot.ORPHANED:
            why = "its worker was killed: the flow run's state is all that Prefect tells of its end"
            return Expected("completed", _says("flow-run", "COMPLETED", {None}, "resource"), why)
        case Plot.CANCELLED | Plot.HOOKED:
            return Expected("cancelled", _says("worker", "CANCELLED", _ENDED, "follows"))
        case Plot.PENDING:
            return Expected("cancelled", _says("worker", "CANCELLED", _ENDED | _REFUSED, "follows"))
        case Plot.UNPICKED:
            return Expected(None, why="no worker submitted it")
        case Plot.SERVED:
            return Expected(None, why="Prefect tells nothing of what is served, but its states")
        case Plot.SERVED_CANCELLED if not release.cancels_served:
            return Expected(None, why="from 3.2.8 on, Prefect before 3.3.4 cannot cancel what is served")
        case Plot.SERVED_CANCELLED:
            why = "of what is served, Prefect tells the cancellation alone"
            return Expected("cancelled", {"submitted_at": _NULL, "ended_by": _NULL, "duration_seconds": _NULL}, why)
    return _ran("COMPLETED", 0)


def _ran(state: str, exit_: int, matched_by: str = "follows") -> Expected:
    return Expected("completed", _says("worker", state, {exit_}, matched_by))


def _says(ended_by: str, state: str, exits: Collection[int | None], matched_by: str) -> Says:
    return {
        "ended_by": frozenset({ended_by}),
        "matched_by": frozenset({matched_by}),
        "state.type": frozenset({state}),
        "infrastructure.status_code": frozenset(exits),
    }
