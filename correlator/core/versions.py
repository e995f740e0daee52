"""Versions of a lifecycle: what is published, and what is remembered of it."""

from correlator.core.assembled import Assembled, Testimony
from correlator.core.lifecycle import Lifecycle, MatchedBy, Outcome, Version
from correlator.core.pairing import assemble
from correlator.core.rules import Rules
from correlator.core.state import Remembered, RememberedStart, SubjectState
from correlator.core.status import Status, status_of
from correlator.event import Event
from correlator.moments import END_OF_TIME


def version_of(life: Assembled, status: Status) -> Version:
    """What to remember of the version that is published."""
    outcome, cancellation, end = status.outcome, life.cancellation, status.end
    assert outcome is not None
    return Version(
        outcome,
        _matched_by(life, end),
        life.ambiguous,
        None if end is None else end.event.id,
        None if cancellation is None else cancellation.event.id,
        _superseded_by(life, outcome),
        tuple(known.event.id for known in _told_besides(life, cancellation)),
    )


def as_it_stands(
    state: SubjectState, life: Assembled, outcome: Outcome | None, cause: str, end: Remembered | None
) -> Lifecycle:
    """The version of a lifecycle to publish or, if it is open, to display. ``end``: the event that ended it."""
    testimony = life.testimony or Testimony()
    return Lifecycle(
        kind=state.kind,
        subject=state.subject,
        outcome=outcome,
        matched_by=_matched_by(life, end),
        ambiguous=life.ambiguous,
        start=_event(life.start),
        end=_event(end),
        cancellation=_event(life.cancellation),
        creation=_event(testimony.creation),
        running=_event(testimony.running),
        state=_event(testimony.state),
        phase=_event(testimony.phase),
        superseded_by=_superseded_by(life, outcome),
        cause=cause,
        replaces=life.opening.version,
        told=state.told_by(life.start, life.end, next(iter(life.cancellations), None)),
    )


def open_lifecycles(state: SubjectState, rules: Rules) -> list[Lifecycle]:
    """The subject's open lifecycles, as they stand."""
    return [
        as_it_stands(state, life, None, "open", life.end)
        for life in assemble(state, END_OF_TIME, rules).lives
        if status_of(life, None).outcome is None
    ]


def cause_of(life: Assembled, status: Status, event_id: str | None) -> str:
    """What causes a version: the event in hand, or else the deadline, by its name (rule S2)."""
    if event_id is not None:  # what was due before the event has been published already
        return event_id
    if status.deadline is not None:
        return status.deadline
    return f"decided:{(life.end or life.opening).event.id}"


def _told_besides(life: Assembled, cancellation: Remembered | None) -> list[Remembered]:
    """The other events that a record reports: witnesses, and a runner's cancellation if the flow run's came first."""
    counted = [] if life.testimony is None else life.testimony.counted
    runners = life.cancellations[:1]
    return counted if not runners or runners[0] is cancellation else counted + runners


def _matched_by(life: Assembled, end: Remembered | None) -> MatchedBy | None:
    """How the end found its start; one that a witness reports is found by its run."""
    return life.matched_by if end is life.end else MatchedBy.RESOURCE


def _superseded_by(life: Assembled, outcome: Outcome | None) -> str | None:
    return next_start(life.start) if life.start is not None and outcome is Outcome.SUPERSEDED else None


def next_start(start: RememberedStart) -> str | None:
    """The id of the next start, if there is one."""
    return None if start.successor is None else start.successor.id


def _event(known: Remembered | None) -> Event | None:
    return None if known is None else known.event
