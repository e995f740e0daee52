"""What is published of a subject: every lifecycle that settled, or stands otherwise than it was published last."""

from collections.abc import Iterable

from msgspec import Struct

from correlator.core.lifecycle import Lifecycle, MatchedBy, Outcome
from correlator.core.pairing import Assembled, assemble, could_follow
from correlator.core.rules import Rules
from correlator.core.standing import Standing, stand
from correlator.core.state import RememberedStart, SubjectState, Version
from correlator.moments import END_OF_TIME, MICROSECOND, Moment


class Occasion(Struct, frozen=True, gc=False, kw_only=True):
    """Why, and at which time, a subject is looked at."""

    seen: Moment | None
    """Up to when all events are known: the low watermark, but at the end of the input."""
    watermark: Moment | None
    now: Moment
    """The clock of the event in hand, or the deadline that has passed."""
    event_id: str | None = None
    """The event in hand, if there is one."""


def pass_time(state: SubjectState, watermark: Moment, rules: Rules) -> list[Lifecycle]:
    """Let time pass up to a low watermark: one deadline after the other, so that it is the same in how many steps it
    went (rule T5).
    """
    published: list[Lifecycle] = []
    while state.due is not None and state.due < watermark:
        moment = state.due + MICROSECOND
        published += settle(state, Occasion(seen=moment, watermark=moment, now=moment), rules)
    return published


def settle(state: SubjectState, occasion: Occasion, rules: Rules) -> list[Lifecycle]:
    """Publish what has settled or changed, forget what was remembered for long enough, and note what is due next."""
    published: list[Lifecycle] = []
    dues: list[Moment] = []
    for life in (lives := _in_motion(state, occasion, rules, dues)):
        standing = stand(life, occasion.watermark)
        if standing.outcome is None:
            if standing.due is not None:
                dues.append(standing.due)
            continue
        version = _version(life, standing.outcome)
        if version != life.opening.version:
            published.append(as_it_stands(state, life, standing.outcome, _cause(life, standing, occasion)))
            _note(life, version, standing, occasion, rules)
        keeps = _kept_until(life, lives, occasion, rules)
        if keeps is None:
            _forget(state, life)
            leave_doubt(life, lives, rules)
        else:
            dues.append(keeps)
    state.due = min(dues, default=None)
    return published


def _in_motion(state: SubjectState, occasion: Occasion, rules: Rules, dues: list[Moment]) -> list[Assembled]:
    """The lifecycles that may have settled or changed; of the others, note when something is due."""
    if state.ends or state.cancellations:
        return assemble(state, occasion.seen, rules)
    moving = []
    for start in state.starts:  # starts alone, and perhaps a thousand of them: most are at rest
        due = _at_rest(start, occasion.watermark)
        if due is None:
            moving.append(Assembled(start=start))
        else:
            dues.append(due)
    return moving


def _at_rest(start: RememberedStart, watermark: Moment | None) -> Moment | None:
    """When a start that is known alone is due next; None where it is due now, or stands otherwise than was
    published.
    """
    if start.version is None:
        due = start.settles
    elif start.version.superseded_by == _next_start(start):
        due = start.forget_at
    else:
        return None
    return None if watermark is not None and due < watermark else due


def _version(life: Assembled, outcome: Outcome) -> Version:
    return Version(
        outcome,
        life.matched_by,
        life.ambiguous,
        None if life.end is None else life.end.event.id,
        life.cancellations[0].event.id if life.cancellations else None,
        _superseded_by(life, outcome),
    )


def _superseded_by(life: Assembled, outcome: Outcome | None) -> str | None:
    return _next_start(life.start) if life.start is not None and outcome is Outcome.SUPERSEDED else None


def _next_start(start: RememberedStart) -> str | None:
    return None if start.successor is None else start.successor.id


def _note(life: Assembled, version: Version, standing: Standing, occasion: Occasion, rules: Rules) -> None:
    """Remember what was published, and for how long (rule A1)."""
    opening, start = life.opening, life.start
    opening.version = version
    since = standing.since
    if since is None:  # by the greatest clock: events came by several partitions, and the last read may lag behind
        since = max(occasion.now, *(known.clock for known in life.events))
    opening.forget_at = since + rules.remember
    if start is None:
        opening.spent = True
    elif life.end is None:
        start.endless_until = start.forget_at


def _cause(life: Assembled, standing: Standing, occasion: Occasion) -> str:
    if occasion.event_id is not None:  # what time alone made due was published before the event
        return occasion.event_id
    if standing.deadline is not None:
        return standing.deadline
    return f"decided:{(life.end or life.opening).event.id}"


def as_it_stands(state: SubjectState, life: Assembled, outcome: Outcome | None, cause: str) -> Lifecycle:
    """The version of a lifecycle that is to be published, or, where it is open, shown."""
    first = life.start, life.end, next(iter(life.cancellations), None)
    start, end, cancellation = (None if known is None else known.event for known in first)
    before = life.opening.version
    return Lifecycle(
        kind=state.kind,
        subject=state.subject,
        outcome=outcome,
        matched_by=life.matched_by,
        ambiguous=life.ambiguous,
        start=start,
        end=end,
        cancellation=cancellation,
        superseded_by=_superseded_by(life, outcome),
        cause=cause,
        replaces=None if before is None else before.outcome,
        told=state.told_by(*first),
    )


def _kept_until(life: Assembled, lives: list[Assembled], occasion: Occasion, rules: Rules) -> Moment | None:
    """Until when what was published is remembered; None where that is over. A start without an end is kept longer while
    an end is undecided that came in time and may yet take it (rule M9).
    """
    forget_at = life.opening.forget_at
    if occasion.watermark is None or forget_at >= occasion.watermark:
        return forget_at
    if life.start is None or life.end is not None:
        return None
    undecided = (it for it in lives if it.decides is not None)
    return next((it.decides for it in undecided if it.end is not None and could_follow(it.end, life, rules)), None)


def _forget(state: SubjectState, life: Assembled) -> None:
    if life.start is not None:
        state.starts.remove(life.start)
    if life.end is not None:
        state.ends.remove(life.end)
    for cancellation in life.cancellations:
        state.cancellations.remove(cancellation)


def leave_doubt(forgotten: Assembled, lives: Iterable[Assembled], rules: Rules) -> None:
    """What was ambiguous remains so when the start or the end that made it so is forgotten (rule M9)."""
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


def open_lifecycles(state: SubjectState, rules: Rules) -> list[Lifecycle]:
    """The subject's lifecycles that have not ended, as they stand."""
    return [
        as_it_stands(state, life, None, "open")
        for life in assemble(state, END_OF_TIME, rules)
        if stand(life, None).outcome is None
    ]
