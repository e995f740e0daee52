"""Output for people: the totals, and a difference in readable form."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import orjson

from tests.same.comparing import Difference

_MOST: Final = 400
"""The most characters shown of a value."""

_LINES: Final = 60
"""The most lines shown of a log."""

_SHOWN: Final = ("hops", "raw", "parts", "max_tags", "detached", "max_record", "most")

_KINDS: Final = ("worker", "run")
_OUTCOMES: Final = (
    *("completed, by follows", "completed, by resource", "completed, by resource, ambiguous"),
    *("superseded", "lost", "unmatched"),
)
_CANCELLED: Final = ("start+end", "start", "end", "alone")
_CAUSES: Final = ("an event", "decided", "lost", "superseded", "unmatched", "cancelled", "evicted")

_ROLES: Final = (
    *("worker-uptime start", "worker-uptime end"),
    *("flow-run-duration start", "flow-run-duration end", "flow-run-duration cancellation"),
    *(f"flow-run-duration {role}" for role in ("creation", "phase", "running", "state")),
)
_WITNESSES: Final = ("infrastructure", "flow-run")
_SAID: Final = (
    *(f"Phase {exit_}" for exit_ in (None, "succeeded", "failed", "evicted", "stopped")),
    *(f"State {type_}" for type_ in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")),
)

_EXPECTED: Final = frozenset(
    (
        *(f"event: {role}" for role in _ROLES),
        *(f"event: {it}" for it in _SAID),
        *(f"{where}: run: completed, by resource, ended by {it}" for where in ("replay", "stage") for it in _WITNESSES),
        *(f"{where}: run: cancelled, start+end, ended by {it}" for where in ("replay", "stage") for it in _WITNESSES),
        *("stage: a witness unclaimed", "stage: a run that nobody speaks of", "stage: a startup"),
        *(f"stage: the terminal state {type_}" for type_ in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")),
        "invalid: prefect.resource.id is …, not prefect.flow-run.<UUID>",
        *("event: detached", "replay fate: noted", "stage fate, correlate: noted"),
        *("event: nothing", "event: truncated", "event: received told", "event: received not told"),
        *("invalid: not JSON", "invalid: not UTF-8", "invalid: event is …, not a name"),
        *(
            "invalid: the value is …, not an object",
            "invalid: id is …, not a UUID",
            "invalid: resource is …, not an object",
        ),
        *("invalid: follows is …, neither a UUID nor null", "invalid: related is …, not a list"),
        "invalid: occurred is …, not an RFC 3339 time with offset, 1970 or later",
        "invalid: prefect.resource.id is …, not prefect.worker.…",
        "invalid: prefect.resource.id is …, not prefect.runner.…",
        "invalid: prefect.resource.id has more than 1024 characters",
        "invalid: related has no flow-run with the id prefect.flow-run.<UUID>",
        *(f"replay fate: {fate}" for fate in ("opened", "decided", "waiting", "duplicate", "ignored", "invalid")),
        *(f"stage fate, intake: {fate}" for fate in ("forwarded", "ignored", "dead-lettered")),
        *(
            f"stage fate, correlate: {fate}"
            for fate in ("opened", "decided", "waiting", "duplicate", "ignored", "dead-lettered")
        ),
        *(f"{where}: {kind}: {it}" for where in ("replay", "stage") for kind in _KINDS for it in _OUTCOMES),
        *(f"{where}: run: cancelled, {it}" for where in ("replay", "stage") for it in _CANCELLED),
        *("stage: run: cancelled, start+end, ambiguous", "replay: run: cancelled, start+end, ambiguous"),
        *(f"replay caused by: {it}" for it in _CAUSES),
        *(f"replay amends: {it}" for it in ("completed", "cancelled", "superseded", "lost", "unmatched")),
        *(f"stage amends into: {it}" for it in ("completed", "cancelled", "superseded", "lost")),
        *("stage: evicted", "stage: caused by what arrived", "stage left: entries"),
        *("stage dead letter: whole", "stage dead letter: without its value"),
        *("stage forwarded: a tick", "stage forwarded: an event"),
        *(f"replay flushed: {kind}: {it}" for kind in _KINDS for it in ("superseded", "lost", "unmatched")),
        *(f"replay open: {kind}: None, {it}" for kind in _KINDS for it in ("start", "end")),
        *(
            "replay open: run: None, alone",
            "replay flushed: run: cancelled, alone",
            "replay flushed: run: cancelled, start",
        ),
    )
)
"""What must occur for a comparison to be meaningful."""


def missing(totals: Counter[str]) -> list[str]:
    """What should have occurred and did not."""
    return sorted(name for name in _EXPECTED if not totals[name])


def table(before: Counter[str], after: Counter[str]) -> Iterator[str]:
    """The totals, one per line, with both values if they differ."""
    for name in sorted(before.keys() | after.keys() | _EXPECTED):
        one, other = before[name], after[name]
        differ = "" if one == other else f"   after: {other:,}"
        none = "   <── none" if not one and not other else ""
        yield f"{one:>12,}  {name}{differ}{none}"


def difference(it: Difference, seed: int) -> Iterator[str]:
    """A difference: the input, and the answers before and after."""
    kind, value, *more = it.task
    yield f"── input {it.number} of seed {seed}: {'a single event' if kind == 'single' else 'a log'}, answer {it.line}"
    if kind == "single":
        yield f"   value:  {_short(repr(value))}   max_tags: {more[0]}"
    else:
        yield from _log(value, it)
    before, after = (None if line is None else orjson.loads(line) for line in (it.before, it.after))
    yield f"   before: {_short(_said(before), 2000)}"
    yield f"   after:  {_short(_said(after), 2000)}"
    for path, one, other in _apart("", before, after):
        yield f"   {path or 'all of it'}: {_short(repr(one))}  →  {_short(repr(other))}"


def _log(log: dict[str, Any], it: Difference) -> Iterator[str]:
    lines = log["lines"]
    yield f"   rules: {log['rules']}"
    yield f"   {len(lines)} lines; " + ", ".join(f"{name} {log[name]}" for name in _SHOWN)
    last = it.before or it.after
    at = None if last is None else orjson.loads(last).get("at")
    said = [_event(value) for value, *_ in lines]
    if isinstance(at, int):  # of replay: the lines up to it, of its subject
        subject = said[at][0]
        yield from (f"   {number:>4} {text}" for number, (whose, text) in enumerate(said[: at + 1]) if whose == subject)
    else:
        yield from (f"   {number:>4} {text} [{whose}]" for number, (whose, text) in enumerate(said[:_LINES]))


def _event(value: bytes | None) -> tuple[str | None, str]:
    """The subject of an event, and the part of it that decisions depend on."""
    try:
        told = orjson.loads(value or b"")
        name, id_, follows = told["event"], told["id"], told.get("follows")
        own = told["resource"]["prefect.resource.id"]
        runs = [one["prefect.resource.id"] for one in told["related"] if one.get("prefect.resource.role") == "flow-run"]
        whose = (runs or [own])[0]
        return whose, f"{told['occurred']:<32} {name.rpartition('.')[2]:<20} {id_} follows {follows} by {own}"
    except (ValueError, TypeError, LookupError, AttributeError):
        return None, _short(repr(value), 100)


def _said(value: Any) -> str:
    return "nothing" if value is None else orjson.dumps(value).decode()


def _apart(path: str, one: Any, other: Any) -> Iterator[tuple[str, Any, Any]]:
    """The places where two values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in {**one, **other}:
            yield from _apart(f"{path}.{name}", one.get(name), other.get(name))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for place, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _apart(f"{path}[{place}]", left, right)
    elif one != other:
        yield path, one, other


def _short(text: str, most: int = _MOST) -> str:
    return text if len(text) <= most else f"{text[:most]}… ({len(text)} characters)"
