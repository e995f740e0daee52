"""What is published of a subject: every lifecycle that settled, or stands otherwise than it was published last."""

from correlator.core.lifecycle import Lifecycle, MatchedBy, Outcome
from correlator.core.pairing import Whole, assemble, could_follow
from correlator.core.rules import Rules
from correlator.core.standing import Standing, stand
from correlator.core.state import KnownStart, Shown, SubjectState

END_OF_TIME = 1 << 62
"""A low watermark that everything has passed."""


def pass_time(state: SubjectState, watermark: int, rules: Rules) -> list[Lifecycle]:
    """Let time pass up to a low watermark: one deadline after the other, so that it is the same in how many steps it
    went.
    """
    published: list[Lifecycle] = []
    while state.due is not None and state.due < watermark:
        moment = state.due + 1
        published += settle(state, moment, moment, rules, None, moment)
    return published


def settle(
    state: SubjectState, seen: int | None, watermark: int | None, rules: Rules, event_id: str | None, now: int
) -> list[Lifecycle]:
    """Publish what has settled or changed, forget what was remembered for long enough, and note what is due next.

    ``seen``: up to when all events are known; the low watermark, but at the end of the input.
    """
    published: list[Lifecycle] = []
    dues: list[int] = []
    wholes = []
    if state.ends or state.cancellations:
        wholes = assemble(state, seen, rules)
    else:  # starts alone, and perhaps a thousand of them: most are at rest
        for start in state.starts:
            due = _at_rest(start, watermark)
            if due is None:
                wholes.append(Whole(start))
            else:
                dues.append(due)
    for whole in wholes:
        standing = stand(whole, watermark)
        if standing.outcome is None:
            if standing.due is not None:
                dues.append(standing.due)
            continue
        version = _version(whole, standing.outcome)
        opening = whole.opening
        if version != opening.shown:
            published.append(_lifecycle(state, whole, version, _cause(whole, standing, event_id)))
            opening.shown = version
            since = _known_at(whole, now) if standing.since is None else standing.since
            opening.forget_at = since + rules.remember
            if whole.start is not None and whole.end is None:
                whole.start.endless_until = whole.start.forget_at
            if whole.start is None:
                opening.spent = True
        if watermark is None or opening.forget_at >= watermark:
            dues.append(opening.forget_at)
        elif (decides := _kept_for(whole, wholes, rules)) is not None:
            dues.append(decides)
        else:
            _forget(state, whole)
            _remain_ambiguous(whole, wholes, rules)
    state.due = min(dues, default=None)
    return published


def _at_rest(start: KnownStart, watermark: int | None) -> int | None:
    """When a start that is known alone is due next; None where it is due now, or stands otherwise than was
    published.
    """
    if start.shown is None:
        due = start.settles
    elif start.shown.superseded_by == start.next_start:
        due = start.forget_at
    else:
        return None
    return None if watermark is not None and due < watermark else due


def _known_at(whole: Whole, now: int) -> int:
    """The greatest of the clocks by which a lifecycle's events came: they came by several raw partitions, and the one
    that was read last may lag behind the others.
    """
    return max(now, *(known.clock for known in (whole.start, whole.end, *whole.cancellations) if known is not None))


def _version(whole: Whole, outcome: Outcome | None) -> Shown:
    return Shown(
        outcome,
        whole.matched_by,
        whole.ambiguous,
        None if whole.end is None else whole.end.event.id,
        whole.cancellations[0].event.id if whole.cancellations else None,
        whole.start.next_start if whole.start is not None and outcome is Outcome.SUPERSEDED else None,
    )


def _cause(whole: Whole, standing: Standing, event_id: str | None) -> str:
    if event_id is not None:  # what time alone made due was published before the event
        return event_id
    if standing.deadline is not None:
        return standing.deadline
    return f"decided:{whole.end.event.id if whole.end is not None else whole.opening.event.id}"


def _lifecycle(state: SubjectState, whole: Whole, version: Shown, cause: str) -> Lifecycle:
    start, end, cancellation = (
        None if known is None else known.event
        for known in (whole.start, whole.end, next(iter(whole.cancellations), None))
    )
    return Lifecycle(
        state.kind,
        state.subject,
        version.outcome,
        version.matched_by,
        version.ambiguous,
        any(event.truncated for event in (start, end, cancellation) if event is not None),
        start,
        end,
        cancellation,
        version.superseded_by,
        cause,
        None if whole.opening.shown is None else whole.opening.shown.outcome,
    )


def _kept_for(whole: Whole, wholes: list[Whole], rules: Rules) -> int | None:
    """Until when a start without an end is kept, though remembered for long enough: until an end is decided that came
    in time and may yet take it.
    """
    start = whole.start
    if start is None or whole.end is not None:
        return None
    return next(
        (
            other.decides
            for other in wholes
            if other.decides is not None and other.end is not None and could_follow(other.end, start, rules)
        ),
        None,
    )


def _forget(state: SubjectState, whole: Whole) -> None:
    if whole.start is not None:
        state.starts.remove(whole.start)
    if whole.end is not None:
        state.ends.remove(whole.end)
    for cancellation in whole.cancellations:
        state.cancellations.remove(cancellation)


def _remain_ambiguous(forgotten: Whole, wholes: list[Whole], rules: Rules) -> None:
    """What was ambiguous remains so when the start or the end that made it so is forgotten."""
    if forgotten.start is None or forgotten.matched_by is MatchedBy.FOLLOWS:
        return
    end = forgotten.end
    for whole in wholes:
        if whole.start is None or (whole.end is not None and not whole.ambiguous):
            continue
        passed_over = end is not None and could_follow(end, whole.start, rules)
        was_as_good = (
            whole.end is not None
            and (end is None or end.event.occurred > whole.end.event.occurred)
            and could_follow(whole.end, forgotten.start, rules)
        )
        if passed_over or was_as_good:
            whole.start.passed_over = True


def as_it_stands(state: SubjectState, whole: Whole, outcome: Outcome | None, cause: str) -> Lifecycle:
    """A version that nothing is remembered of: what is open is only shown, what is evicted is gone."""
    return _lifecycle(state, whole, _version(whole, outcome), cause)


def open_lifecycles(state: SubjectState, rules: Rules) -> list[Lifecycle]:
    """The subject's lifecycles that have not ended, as they stand."""
    return [
        as_it_stands(state, whole, None, "open")
        for whole in assemble(state, END_OF_TIME, rules)
        if stand(whole, None).outcome is None
    ]
