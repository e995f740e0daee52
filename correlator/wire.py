"""What the lifecycles topic carries from intake to correlate: an event, or a tick. The subject is an event's key.

Only this package writes that topic, so a value is checked for its shape, not for what Prefect may say.
"""

from typing import Final

from msgspec import Struct

from correlator.event import Details, Event, Kind, Role
from correlator.moments import Moment
from correlator.versioned import Format, encode

VERSION: Final = 2
"""Raised by any change of shape."""

_START, _END = Role.START, Role.END


class Forwarded(
    Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True, tag_field="version", tag=VERSION
):
    """An event, and by which raw partition it came."""

    kind: Kind
    event: Event
    details: Details
    arrived: Moment
    """When Prefect's server took it in, or else when it came to Kafka, or to us."""
    raw_partition: int
    raw_partitions: int
    """How many the raw topic had."""
    clock: Moment | None
    """That partition's clock, this event included; None as long as it has none."""


class Tick(
    Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True, tag_field="version", tag=VERSION
):
    """How far the clock of a raw partition is (rule T6)."""

    raw_partition: int
    raw_partitions: int
    clock: Moment


class ForeignWire(Exception):
    """Another release wrote the record: this one must not take it for damaged. Let all workers be of one release."""


class UnreadableWire(Exception):
    """A record of the lifecycles topic that this version cannot have written. The text says why."""


_FORWARDED: Final = Format(Forwarded, "an event", unreadable=UnreadableWire, foreign=ForeignWire)
_TICK: Final = Format(Tick, "a tick", unreadable=UnreadableWire, foreign=ForeignWire)


def decode(key: bytes | None, value: bytes | None) -> Forwarded | Tick:
    """Read a record of the lifecycles topic: an event has a key, a tick has none. Raises `UnreadableWire` or
    `ForeignWire`, and nothing else.
    """
    if key is None:
        return _TICK.decode(value or b"")
    try:
        key.decode()
    except UnicodeDecodeError:
        raise UnreadableWire("the key is not UTF-8") from None
    forwarded = _FORWARDED.decode(value or b"")
    role = forwarded.event.role
    if role is not _START and role is not _END and forwarded.kind is Kind.WORKER:
        raise UnreadableWire(f"not an event: a worker has no {role}")
    return forwarded


__all__ = ["VERSION", "ForeignWire", "Forwarded", "Tick", "UnreadableWire", "decode", "encode"]
