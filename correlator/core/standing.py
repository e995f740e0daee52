"""How a lifecycle stands at a low watermark: settled with an outcome, or open until something is due."""

from typing import NamedTuple

from correlator.core.lifecycle import Outcome
from correlator.core.pairing import Whole


class Standing(NamedTuple):
    """An outcome, or None while it is open."""

    outcome: Outcome | None
    deadline: str | None
    """What settled it, where time did: a name that the same events give again."""
    since: int | None
    """When that was due."""
    due: int | None
    """Of an open one: the low watermark at which it may settle."""


def stand(whole: Whole, watermark: int | None) -> Standing:
    """Judge a lifecycle. A cancellation outranks every other outcome."""
    start, end = whole.start, whole.end
    if start is None:
        outcome = Outcome.CANCELLED if whole.cancellations else Outcome.UNMATCHED
        waits = max(whole.opening.deadline, whole.decides or 0)  # one whose start another end took may find another yet
        return _when(whole.opening.spent, [(waits, outcome)], watermark, whole)
    if end is not None:
        return Standing(Outcome.CANCELLED if whole.cancellations else Outcome.COMPLETED, None, None, None)
    if whole.cancellations:
        waits = min(cancellation.deadline for cancellation in whole.cancellations)
        already = start.shown is not None and start.shown.end is None  # with an end that it has lost, it is open again
        return _when(already, [(waits, Outcome.CANCELLED)], watermark, whole)
    limits = [(start.deadline, Outcome.LOST)]
    if start.supersede_at is not None:
        limits.append((start.supersede_at, Outcome.SUPERSEDED))
    already = start.shown is not None and start.shown.outcome in (Outcome.SUPERSEDED, Outcome.LOST)
    return _when(already, limits, watermark, whole)


def _when(already: bool, limits: list[tuple[int, Outcome]], watermark: int | None, whole: Whole) -> Standing:
    """The outcome of the earliest deadline, if it has passed, or was settled already."""
    due, outcome = min(limits)
    if already:
        return Standing(outcome, None, None, None)
    if watermark is not None and due < watermark:
        return Standing(outcome, f"{outcome}:{whole.opening.event.id}", due, None)
    decides = whole.decides
    return Standing(None, None, None, due if decides is None else min(due, decides))
