"""A subject's state as the table holds it: one JSON array, its version first."""

from typing import Any, Final

import orjson

from correlator.core.lifecycle import MatchedBy, Outcome
from correlator.core.state import Known, KnownStart, Shown, SubjectState
from correlator.event import Event, Kind, Role
from correlator.versioned import behind_version

VERSION: Final = 1
"""Goes up with a change of shape. A release reads all versions up to its own."""

_KINDS: Final = {kind.value: kind for kind in Kind}
_ROLES: Final = (Role.START, Role.END, Role.CANCELLATION)


class UnreadableState(Exception):
    """The bytes are no state that any release wrote."""


class NewerState(Exception):
    """A newer release wrote it: this one must not guess what it means."""


def encode(state: SubjectState) -> bytes:
    """The state as bytes."""
    return orjson.dumps(
        [
            VERSION,
            state.kind,
            state.subject,
            state.due,
            [
                [
                    *_known(start),
                    start.supersede_at,
                    start.next_start,
                    start.next_start_occurred,
                    start.passed_over,
                    start.endless_until,
                ]
                for start in state.starts
            ],
            [_known(end) for end in state.ends],
            [_known(cancellation) for cancellation in state.cancellations],
        ]
    )


def _known(known: Known) -> list[Any]:
    event, shown = known.event, known.shown
    return [
        event.id,
        event.occurred,
        event.worker,
        event.follows,
        event.truncated,
        event.details,
        known.clock,
        known.deadline,
        shown and list(shown),
        known.forget_at,
        known.spent,
    ]


def decode(value: bytes) -> SubjectState:
    """The state that `encode` wrote. Raises `UnreadableState` or `NewerState`, and nothing else."""
    fields: list[Any] = behind_version(value, VERSION, "a state", unreadable=UnreadableState, newer=NewerState)
    try:
        kind_, subject, due, *groups = fields
        kind = _KINDS[kind_]
        if not isinstance(subject, str) or not (due is None or type(due) is int):
            raise UnreadableState("not a state: the subject or what is due is of another type")
        starts, ends, cancellations = (
            [_decoded(kind, subject, role, row) for row in rows] for role, rows in zip(_ROLES, groups, strict=True)
        )
        return SubjectState(kind, subject, starts, ends, cancellations, due)  # type: ignore[arg-type]
    except (ValueError, TypeError, KeyError) as reason:
        raise UnreadableState(f"not a state: {reason}") from None


def _decoded(kind: Kind, subject: str, role: Role, row: list[Any]) -> Known:
    # By hand, as in ``wire``: this is read for every end that comes.
    id_, occurred, worker, follows, truncated, details, clock, deadline, shown, forget_at, spent, *more = row
    if (
        not isinstance(id_, str)
        or type(occurred) is not int
        or not (worker is None or isinstance(worker, str))
        or not (follows is None or isinstance(follows, str))
        or not isinstance(truncated, bool)
        or not isinstance(details, dict)
        or type(clock) is not int
        or type(deadline) is not int
        or type(forget_at) is not int
        or not isinstance(spent, bool)
    ):
        raise TypeError("a field of an event is of another type")
    event = Event(kind, role, id_, subject, occurred, worker, follows, truncated, details)
    version = None if shown is None else _shown(shown)
    if role is not Role.START:
        if more:
            raise ValueError("a field too many")
        return Known(event, clock, deadline, version, forget_at, spent)
    supersede_at, next_start, next_start_occurred, passed_over, endless_until = more
    if (
        not (supersede_at is None or type(supersede_at) is int)
        or not (next_start is None or isinstance(next_start, str))
        or type(next_start_occurred) is not int
        or not isinstance(passed_over, bool)
        or type(endless_until) is not int
    ):
        raise TypeError("a field of a start is of another type")
    return KnownStart(
        event,
        clock,
        deadline,
        version,
        forget_at,
        spent,
        supersede_at,
        next_start,
        next_start_occurred,
        passed_over,
        endless_until,
    )


def _shown(row: list[Any]) -> Shown:
    outcome, matched_by, ambiguous, *ids = row
    end, cancellation, superseded_by = ids
    if not isinstance(ambiguous, bool) or not all(id_ is None or isinstance(id_, str) for id_ in ids):
        raise TypeError("a field of a version is of another type")
    by = None if matched_by is None else MatchedBy(matched_by)
    return Shown(Outcome(outcome), by, ambiguous, end, cancellation, superseded_by)
