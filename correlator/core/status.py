"""The status of a lifecycle at a low watermark: settled with an outcome, or open until something is due."""

from msgspec import Struct

from correlator.core.assembled import Assembled, WitnessedEnd
from correlator.core.lifecycle import Outcome
from correlator.core.state import Remembered, RememberedStart
from correlator.moments import Moment


class Status(Struct, frozen=True, gc=False, kw_only=True):
    """An outcome, or None while it is open."""

    outcome: Outcome | None = None
    end: Remembered | None = None
    """The event that ended it."""
    deadline: str | None = None
    """The name of the deadline that settled it, if one did: the same events give the same name again."""
    since: Moment | None = None
    """When that deadline was due."""
    due: Moment | None = None
    """The low watermark at which an open lifecycle may settle."""


def status_of(life: Assembled, watermark: Moment | None) -> Status:
    """Judge a lifecycle. A cancellation outranks every other outcome (rule O2), its worker every witness (rule W2)."""
    start, end = life.start, life.end
    if start is None:
        outcome = Outcome.CANCELLED if life.cancellations else Outcome.UNMATCHED
        waits = life.opening.deadline
        if life.decides is not None:  # an end that lost its start to another may still find one
            waits = max(waits, life.decides)
        return _when(life.opening.spent, [(waits, outcome)], watermark, life)
    if end is not None:
        return Status(outcome=_met(life), end=end)
    if life.witnessed_end is not None:
        return _by_witness(life, start, life.witnessed_end, watermark)
    if life.cancellations:
        first = min(life.cancellations, key=lambda cancellation: cancellation.deadline)
        already = start.version is not None and start.version.end is None  # if it has lost its end, it is open again
        # Named after the cancellation: a lifecycle that lost its end may be cancelled by time again, by another one.
        return _when(already, [(first.deadline, Outcome.CANCELLED)], watermark, life, first.event.id)
    limits = [(start.deadline, Outcome.LOST)]
    if start.successor is not None:
        limits.append((start.successor.supersedes_at, Outcome.SUPERSEDED))
    already = start.version is not None and start.version.outcome in (Outcome.SUPERSEDED, Outcome.LOST)
    return _when(already, limits, watermark, life)


def _met(life: Assembled) -> Outcome:
    return Outcome.COMPLETED if life.cancellation is None else Outcome.CANCELLED


def _by_witness(life: Assembled, start: RememberedStart, witnessed: WitnessedEnd, watermark: Moment | None) -> Status:
    """Judge a lifecycle whose end only a witness reports. While a better report may come, it stays open, or as it was
    published.
    """
    outcome, known = _met(life), witnessed.known
    if witnessed.at_once or (start.version is not None and start.version.end == known.event.id):
        return Status(outcome=outcome, end=known)
    if watermark is not None and witnessed.counts_at < watermark:
        return Status(outcome=outcome, end=known, deadline=f"{outcome}:{known.event.id}", since=witnessed.counts_at)
    return Status(due=witnessed.counts_at)


def _when(
    already: bool,
    limits: list[tuple[Moment, Outcome]],
    watermark: Moment | None,
    life: Assembled,
    whose: str | None = None,
) -> Status:
    """The outcome of the earliest deadline in ``limits``, if it has passed or had ``already`` settled the lifecycle.
    ``whose``: the id of the event that the deadline is named after, the opening one by default.
    """
    due, outcome = min(limits)
    end = life.end  # set only if the lifecycle has no start
    if already:
        return Status(outcome=outcome, end=end)
    if watermark is not None and due < watermark:
        return Status(outcome=outcome, end=end, deadline=f"{outcome}:{whose or life.opening.event.id}", since=due)
    return Status(due=due if life.decides is None else min(due, life.decides))
