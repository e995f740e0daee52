"""The API's answers, in JSON: pages of events over REST, and frames of the live stream with one event each.

An event is kept as the server wrote it, byte for byte. Only the members that identify it, date it and say what it is
about are read.
"""

from typing import Final
from uuid import UUID

from msgspec import DecodeError, Raw, Struct, field
from msgspec.json import Decoder

from correlator.moments import Moment
from correlator.prefect import moment, subject_of
from correlator.prefect.parsing import ID


class Unusable(Exception):
    """The answer is not one that Prefect's API gives. The text completes a sentence that ends in "answered …"."""


class ServerEvent(Struct, frozen=True):
    """An event from the server."""

    id: bytes
    """The 16 bytes of its UUID."""
    name: str
    occurred: Moment
    """When it occurred; 1970 if it is dated earlier."""
    written: str
    """The text of that time, as the server wrote it."""
    received: Moment | None
    """When the server received it; None if the event does not say."""
    subject: str
    """The UUID of the flow run it concerns, else the id of its resource."""
    value: bytes
    """The whole event, as JSON."""


class Page(Struct, frozen=True):
    """A page of events."""

    events: list[Raw]
    total: int
    """How many events the filter matches, over all pages."""
    next_page: str | None = None
    """The address of the next page; None on the last one."""


class Frame(Struct, frozen=True):
    """A message of the live stream."""

    type: str
    event: Raw = Raw(b"null")


class _Resource(Struct, frozen=True):
    id: str = field(name=ID)


class _Required(Struct, frozen=True):
    """The members that every event must have."""

    id: UUID
    event: str
    occurred: str
    resource: _Resource
    received: str | None = None


_page: Final = Decoder(Page).decode
_frame: Final = Decoder(Frame).decode
_required: Final = Decoder(_Required).decode


def page(body: bytes) -> Page:
    """Read a page. Raises `Unusable`."""
    try:
        return _page(body)
    except (DecodeError, UnicodeDecodeError) as error:
        raise Unusable(f"with something other than a page of events ({error})") from None


def frame(text: str | bytes) -> Frame:
    """Read a frame. Raises `Unusable`."""
    try:
        return _frame(text)
    except (DecodeError, UnicodeDecodeError) as error:
        raise Unusable(f"with something other than a frame of its stream ({error})") from None


def event(raw: Raw) -> ServerEvent:
    """Read an event. Raises `Unusable`."""
    value = bytes(raw)
    try:
        it = _required(value)
    except (DecodeError, UnicodeDecodeError) as error:
        raise Unusable(f"with an event that has no id, name, time or resource ({error})") from None
    occurred = moment(it.occurred)
    return ServerEvent(
        id=it.id.bytes,
        name=it.event,
        occurred=Moment(0) if occurred is None else occurred,
        written=it.occurred,
        received=moment(it.received),
        subject=subject_of(value, it.event, it.resource.id),
        value=value,
    )
