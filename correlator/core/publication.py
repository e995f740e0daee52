"""What to publish for a subject: every lifecycle that has settled, or has changed since it was last published."""

from msgspec import Struct

from correlator.core.assembled import Assembled
from correlator.core.forgetting import forget, forget_witnesses, kept_until, leave_doubt
from correlator.core.lifecycle import Lifecycle, Outcome, Version
from correlator.core.pairing import Assembly, assemble
from correlator.core.rules import Rules
from correlator.core.silence import is_lost_in_silence, is_newly_silent
from correlator.core.state import Remembered, RememberedStart, SubjectState
from correlator.core.status import Status, status_of
from correlator.core.versions import as_it_stands, cause_of, next_start, version_of
from correlator.moments import MICROSECOND, Moment


class Occasion(Struct, frozen=True, gc=False, kw_only=True):
    """Why a subject's lifecycles are reviewed, and at what time."""

    seen: Moment | None
    """Up to when all events are known: the low watermark, or the end of time once the input has ended."""
    watermark: Moment | None
    now: Moment
    """The clock of the event in hand, or the deadline that has passed."""
    event_id: str | None = None
    """The id of the event in hand, if there is one."""


class Settled(Struct):
    """What a review of a subject's lifecycles has settled."""

    published: list[Lifecycle] = []
    unclaimed: int = 0
    """How many witnesses were forgotten because they found no submit (rule W4)."""
    silent: int = 0
    """How many runs of detached workers have had no witness in time (rule W5)."""
    homeless: list[Remembered] = []
    """Witnesses that have found no submit yet."""
    rests: bool = False
    """Whether one lifecycle is left, which only waits to be forgotten."""

    def add(self, more: "Settled") -> None:
        """Add what another review has settled."""
        self.published += more.published
        self.unclaimed += more.unclaimed
        self.silent += more.silent


def pass_time(state: SubjectState, watermark: Moment, rules: Rules) -> Settled:
    """Let time pass up to a low watermark, one deadline after another, so that the size of the steps in which it comes
    makes no difference (rule T5).
    """
    all_ = Settled()
    while state.due is not None and state.due < watermark:
        moment = state.due + MICROSECOND
        settled = settle(state, Occasion(seen=moment, watermark=moment, now=moment), rules)
        all_.add(settled)
        all_.rests = settled.rests
    return all_


def settle(state: SubjectState, occasion: Occasion, rules: Rules) -> Settled:
    """Publish what has settled or changed, forget what has been remembered for long enough, and note what
    is due next.
    """
    settled = Settled()
    dues: list[Moment] = []
    lives, homeless = _in_motion(state, occasion, rules, dues)
    for life in lives:
        status = status_of(life, occasion.watermark)
        if status.outcome is None:
            if status.due is not None:
                dues.append(status.due)
            if life.start is not None:  # if it was published, it is open again, and remembered without a limit
                life.start.endless_until = Moment(0)
            if life.start is not None and life.start.event.detached:
                settled.silent += is_newly_silent(life, life.start, occasion.watermark, rules, dues)
            continue
        version = version_of(life, status)
        if version != life.opening.version:
            cause = cause_of(life, status, occasion.event_id)
            settled.published.append(as_it_stands(state, life, status.outcome, cause, status.end))
            _note(life, version, status, occasion, rules)
            settled.silent += status.outcome is Outcome.LOST and is_lost_in_silence(life)
        keeps = kept_until(life, lives, occasion.watermark, rules)
        if keeps is None:
            forget(state, life)
            leave_doubt(life, lives, rules)
        else:
            dues.append(keeps)
            settled.rests = len(lives) == len(dues) == 1 and not homeless
    if state.witnesses:
        settled.homeless = homeless
        settled.unclaimed = forget_witnesses(state, lives, homeless, occasion.watermark, rules, dues)
    state.due = min(dues, default=None)
    return settled


def _in_motion(state: SubjectState, occasion: Occasion, rules: Rules, dues: list[Moment]) -> Assembly:
    """The lifecycles that may have settled or changed. For the others, note when they are due."""
    if state.ends or state.cancellations or state.witnesses:
        return assemble(state, occasion.seen, rules)
    moving = []
    for start in state.starts:  # there may be a thousand lone starts, most of them at rest
        due = _at_rest(start, occasion.watermark, rules)
        if due is None:
            moving.append(Assembled(start=start))
        else:
            dues.append(due)
    return Assembly(moving, [])


def _at_rest(start: RememberedStart, watermark: Moment | None, rules: Rules) -> Moment | None:
    """When a lone start is due next; None if it is due now, or has changed since it was published."""
    if start.version is None:
        due = start.settles
        if start.event.detached and not start.silence_noted:
            due = min(due, start.clock + rules.grace)
    elif start.version.superseded_by == next_start(start):
        due = start.forget_at
    else:
        return None
    return None if watermark is not None and due < watermark else due


def _note(life: Assembled, version: Version, status: Status, occasion: Occasion, rules: Rules) -> None:
    """Remember what was published, and for how long (rule A1)."""
    opening, start = life.opening, life.start
    since = status.since
    opening.version = version
    if since is None:
        # The greatest clock counts: events come by several partitions, and the one read last may lag behind.
        since = max(occasion.now, *(known.clock for known in life.events))
    opening.forget_at = since + rules.remember
    if start is None:
        opening.spent = True
    elif life.end is None:
        start.endless_until = start.forget_at
