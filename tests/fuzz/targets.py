"""What is fuzzed: each takes any bytes, and raises nothing. What is read is whole:
it can be written and read again.

An event that is valid is also decided, and what is decided rendered: it must not stop the stage later.
"""

from collections.abc import Callable
from typing import Final

from correlator import core, prefect, records, wire
from correlator.moments import END_OF_TIME, Moment

MAX_TAGS: Final = 5
LONGEST_REASON: Final = 400


def raw(data: bytes) -> None:
    """A raw record of Prefect's topic."""
    try:
        decoded = prefect.decode(data, MAX_TAGS)
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
    (lifecycle,) = flushed.lifecycles
    assert records.render(lifecycle, "fuzz").value


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
