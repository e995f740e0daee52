"""What the API says, in JSON: pages of events over REST, an event in each frame of the live stream.

An event is kept as the server wrote it, byte for byte. Of its members only those are read that tell which one it is,
when it occurred and what it is about.
"""

from typing import Final
from uuid import UUID

from msgspec import DecodeError, Raw, Struct, field
from msgspec.json import Decoder

from correlator.moments import Moment
from correlator.prefect import moment, subject_of
from correlator.prefect.parsing import ID


class Unusable(Exception):
    """What was answered is not what Prefect's API answers. The text goes on with "answered …"."""


class ServerEvent(Struct, frozen=True):
    """An event as the server tells it."""

    id: bytes
    """The 16 bytes of its UUID."""
    name: str
    occurred: Moment
    """1970 where it is before that."""
    written: str
    """The same as it is written."""
    received: Moment | None
    """When the server took it in; None where it does not say."""
    subject: str
    """The flow run's UUID if it tells of one, else the id of its resource."""
    value: bytes
    """All of it."""


class Page(Struct, frozen=True):
    """A page of events."""

    events: list[Raw]
    total: int
    """How many events there are in all that was asked for."""
    next_page: str | None = None
    """The address of the next one; None where there is none."""


class Frame(Struct, frozen=True):
    """What the live stream sends."""

    type: str
    event: Raw = Raw(b"null")


class _Resource(Struct, frozen=True):
    id: str = field(name=ID)


class _Required(Struct, frozen=True):
    """What must be there for an event to be told from others."""

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
