"""A subject's state as the table holds it: one JSON array, its version first."""

from typing import Any, Final

import orjson

from correlator.core.lifecycle import MatchedBy, Outcome
from correlator.core.state import Known, KnownStart, Shown, SubjectState
from correlator.event import Event, Kind, Role

VERSION: Final = 1
"""Goes up with a change of shape. A release reads all versions up to its own."""

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
                [*_known(start), start.overtaken, start.overtaken_by, start.overtaken_at, start.passed_over]
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
        known.wait,
        shown and list(shown),
        known.forget,
        known.spent,
        known.weight,
    ]


def decode(value: bytes) -> SubjectState:
    """The state that `encode` wrote. Raises `UnreadableState` or `NewerState`, and nothing else."""
    try:
        fields = orjson.loads(value)
        version = fields[0] if isinstance(fields, list) and fields else None
        if type(version) is int and version > VERSION:
            raise NewerState(f"a newer release wrote this state, of version {version}: this one reads up to {VERSION}")
        if version != VERSION:
            raise UnreadableState("not a state: no list that begins with a version")
        _, kind_, subject, due, *groups = fields
        _check((subject, str), (due, int | None))
        kind = Kind(kind_)
        starts, ends, cancellations = (
            [_decoded(kind, subject, role, row) for row in rows] for role, rows in zip(_ROLES, groups, strict=True)
        )
        return SubjectState(kind, subject, starts, ends, cancellations, due)  # type: ignore[arg-type]
    except (ValueError, TypeError) as reason:
        raise UnreadableState(f"not a state: {reason}") from None


def _decoded(kind: Kind, subject: str, role: Role, row: list[Any]) -> Known:
    id_, occurred, worker, follows, truncated, details, wait, shown_, forget, spent, weight, *more = row
    _check(
        (id_, str), (occurred, int), (worker, str | None), (follows, str | None), (truncated, bool), (details, dict),
        (wait, int), (forget, int), (spent, bool), (weight, int),
    )  # fmt: skip
    event = Event(kind, role, id_, subject, occurred, worker, follows, truncated, details)
    shown = None
    if shown_ is not None:
        outcome, matched_by, ambiguous, end, cancellation, superseded_by = shown_
        _check((ambiguous, bool), (end, str | None), (cancellation, str | None), (superseded_by, str | None))
        shown = Shown(
            Outcome(outcome),
            None if matched_by is None else MatchedBy(matched_by),
            ambiguous,
            end,
            cancellation,
            superseded_by,
        )
    if role is not Role.START:
        if more:
            raise ValueError("a field too many")
        return Known(event, wait, shown, forget, spent, weight)
    overtaken, overtaken_by, overtaken_at, passed_over = more
    _check((overtaken, int | None), (overtaken_by, str | None), (overtaken_at, int), (passed_over, bool))
    return KnownStart(event, wait, shown, forget, spent, weight, overtaken, overtaken_by, overtaken_at, passed_over)


def _check(*fields: tuple[object, Any]) -> None:
    for value, type_ in fields:
        if not isinstance(value, type_) or (type_ is int and type(value) is bool):
            raise TypeError(f"{value!r:.40} is no {type_}")
