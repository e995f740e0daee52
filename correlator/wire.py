"""The records of the lifecycles topic, from intake to correlate: an event, keyed by its subject, or a tick.

Only this package writes that topic, so values are checked for their shape, not against what Prefect may send.
"""

from typing import Final

from msgspec import Struct

from correlator.event import Details, Event, Kind, Role
from correlator.moments import Moment
from correlator.versioned import Format, encode

VERSION: Final = 2
"""Raise it with every change of shape."""

_START, _END = Role.START, Role.END


class Forwarded(
    Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True, tag_field="version", tag=VERSION
):
    """An event, and the raw partition it came by."""

    kind: Kind
    event: Event
    details: Details
    arrived: Moment
    """When Prefect's server received it; else when it came to Kafka, or to us."""
    raw_partition: int
    raw_partitions: int
    """How many partitions the raw topic had."""
    clock: Moment | None
    """The raw partition's clock after this event; None if it has none yet."""


class Tick(
    Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True, tag_field="version", tag=VERSION
):
    """The clock of a raw partition (rule T6)."""

    raw_partition: int
    raw_partitions: int
    clock: Moment


class ForeignWire(Exception):
    """Another release wrote the record, so it is not damaged: all workers must run the same release."""


class UnreadableWire(Exception):
    """A record of the lifecycles topic that no release can have written. The text says why."""


_FORWARDED: Final = Format(Forwarded, "an event", unreadable=UnreadableWire, foreign=ForeignWire)
_TICK: Final = Format(Tick, "a tick", unreadable=UnreadableWire, foreign=ForeignWire)


def decode(key: bytes | None, value: bytes | None) -> Forwarded | Tick:
    """Read a record of the lifecycles topic: an event if it has a key, else a tick. Raises `UnreadableWire` or
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
