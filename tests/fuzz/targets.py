"""What is fuzzed: each takes any bytes, and raises nothing. What is read is whole:
it can be written and read again.

An event that is valid is also decided, and what is decided rendered: it must not stop the stage later.
"""

from collections.abc import Callable
from typing import Final

from correlator import core, prefect, records, wire
from correlator.event import Event, Role
from correlator.moments import END_OF_TIME, Moment

READING: Final = prefect.Reading(5, frozenset({"kubernetes", "ecs"}))
LONGEST_REASON: Final = 400
WITNESSES: Final = frozenset({Role.CREATION, Role.PHASE, Role.RUNNING, Role.STATE})


def raw(data: bytes) -> None:
    """A raw record of Prefect's topic."""
    try:
        decoded = prefect.decode(data, READING)
    except prefect.InvalidEvent as reason:
        _is_said(reason)
        return
    if decoded is None:
        return
    event = decoded.event
    forwarded = wire.Forwarded(decoded.kind, event, decoded.details, Moment(3), 1, 2, decoded.received)
    assert wire.decode(decoded.subject.encode(), wire.encode(forwarded)) == forwarded
    known = core.SubjectState(decoded.kind, decoded.subject, decoded.details)
    decision = core.on_event(known, event, decoded.details, event.occurred, None, core.Rules())
    assert decision.state is not None
    _is_whole(decision.state)
    flushed = core.on_watermark(decision.state, END_OF_TIME, core.Rules())
    assert flushed.state is None
    if event.role in WITNESSES:
        assert (flushed.lifecycles, flushed.unclaimed) == ((), 1)
        _of_a_submit(decoded)
    else:
        (lifecycle,) = flushed.lifecycles
        assert records.render(lifecycle, "fuzz").value


def _of_a_submit(decoded: prefect.Decoded) -> None:
    """What a witness says is told of the run's submit, in two records at most."""
    event, rules = decoded.event, core.Rules()
    submit = Event(Role.START, event.follows or "a submit", event.occurred, event.worker, detached=True)
    state: core.SubjectState | None = core.SubjectState(decoded.kind, decoded.subject, decoded.details)
    lifecycles: list[core.Lifecycle] = []
    for said in (submit, event):
        assert state is not None
        decision = core.on_event(state, said, decoded.details, event.occurred, event.occurred, rules)
        state = decision.state
        lifecycles += decision.lifecycles
    assert state is not None
    _is_whole(state)
    lifecycles += core.on_watermark(state, END_OF_TIME, rules).lifecycles
    assert len(lifecycles) == 1
    assert event in lifecycles[0].events or event.said is not None or event.role is Role.CREATION
    assert records.render(lifecycles[0], "fuzz").value
    assert records.render(records.bare(lifecycles[0]), "fuzz").value


def state(data: bytes) -> None:
    """An entry of the table."""
    try:
        read = core.decode(data)
    except (core.UnreadableState, core.ForeignState) as reason:
        _is_said(reason)
        return
    _is_whole(read)


def clocks(data: bytes) -> None:
    """The entry that holds the clocks."""
    try:
        read = core.Clocks.decode(data)
    except (core.UnreadableState, core.ForeignState) as reason:
        _is_said(reason)
        return
    written = read.encode()
    assert core.Clocks.decode(written).encode() == written
    read.observe(0, 1, Moment(5))


def lifecycles(data: bytes) -> None:
    """A record of the topic between the stages. The first byte says how long the key is; 255 is none."""
    length = data[0] if data else 255
    key, value = (None, data[1:]) if length == 255 else (data[1 : 1 + length], data[1 + length :])
    try:
        read = wire.decode(key, value)
    except (wire.UnreadableWire, wire.ForeignWire) as reason:
        _is_said(reason)
        return
    assert wire.decode(key, wire.encode(read)) == read


def _is_said(reason: Exception) -> None:
    """It travels in a dead letter's header."""
    assert 0 < len(str(reason)) < LONGEST_REASON


def _is_whole(read: core.SubjectState) -> None:
    written = core.encode(read)
    assert core.encode(core.decode(written)) == written


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "raw": raw,
    "state": state,
    "clocks": clocks,
    "lifecycles": lifecycles,
}
