"""When events and lifecycles are forgotten (rules A1, M9, W4 and W6)."""

from collections.abc import Iterable

from correlator.core.assembled import Assembled
from correlator.core.lifecycle import MatchedBy
from correlator.core.pairing import could_follow
from correlator.core.rules import Rules
from correlator.core.state import Remembered, SubjectState
from correlator.core.testimony import superfluous
from correlator.moments import Moment


def kept_until(life: Assembled, lives: list[Assembled], watermark: Moment | None, rules: Rules) -> Moment | None:
    """Until when a published lifecycle is remembered; None if that time has passed. A start without an end is kept
    longer while an undecided end, which came in time, may still take it (rule M9).
    """
    forget_at = life.opening.forget_at
    if watermark is None or forget_at >= watermark:
        return forget_at
    if life.start is None or life.end is not None:
        return None
    undecided = (it for it in lives if it.decides is not None)
    return next((it.decides for it in undecided if it.end is not None and could_follow(it.end, life, rules)), None)


def forget(state: SubjectState, life: Assembled) -> None:
    """Forget a lifecycle and everything that belongs to it."""
    if life.start is not None:
        state.starts.remove(life.start)
    if life.end is not None:
        state.ends.remove(life.end)
    for cancellation in life.cancellations:
        state.cancellations.remove(cancellation)
    if life.testimony is not None:
        for known in life.testimony.all:
            state.witnesses.remove(known)


def forget_witnesses(
    state: SubjectState,
    lives: list[Assembled],
    homeless: list[Remembered],
    watermark: Moment | None,
    rules: Rules,
    dues: list[Moment],
) -> int:
    """Forget witnesses that found no submit within ``grace``, and those that no longer count and that no later submit
    can need. Returns how many of the former there were.
    """
    gone: set[str] = set()
    for known in homeless:
        if watermark is not None and known.deadline < watermark:
            gone.add(known.event.id)
        else:
            dues.append(known.deadline)
    unclaimed = len(gone)
    if watermark is not None:
        for life in lives:
            gone.update(known.event.id for known in superfluous(life, watermark - rules.grace))
    if gone:
        state.witnesses[:] = [known for known in state.witnesses if known.event.id not in gone]
    return unclaimed


def leave_doubt(forgotten: Assembled, lives: Iterable[Assembled], rules: Rules) -> None:
    """Keep an ambiguous match ambiguous when the start or end that made it so is forgotten (rule M9)."""
    if forgotten.start is None or forgotten.matched_by is MatchedBy.FOLLOWS:
        return
    end = forgotten.end
    for life in lives:
        if life.start is None or (life.end is not None and not life.ambiguous):
            continue
        passed_over = end is not None and could_follow(end, life, rules)
        was_as_good = (
            life.end is not None
            and (end is None or end.event.occurred > life.end.event.occurred)
            and could_follow(life.end, forgotten, rules)
        )
        if passed_over or was_as_good:
            life.start.passed_over = True
