"""The fields that every event must have, whoever sends it (rule I2). Each function raises `InvalidEvent` if the field
is missing or malformed.
"""

import re

from correlator.event import JSON
from correlator.moments import Moment
from correlator.prefect import parsing, resources
from correlator.prefect.invalid import InvalidEvent, quoted
from correlator.prefect.names import Speaker
from correlator.prefect.times import moment

_is_uuid = re.compile(resources.UUID).fullmatch


def event_id(value: JSON) -> str:
    """The event's UUID, in lower case."""
    if not isinstance(value, str) or not _is_uuid(value):
        raise InvalidEvent(f"id is {quoted(value)}, not a UUID")
    return value.lower()


def follows(value: JSON) -> str | None:
    """The id of the event that this one follows."""
    if value is None:
        return None
    if not isinstance(value, str) or not _is_uuid(value):
        raise InvalidEvent(f"follows is {quoted(value)}, neither a UUID nor null")
    return value.lower()


def occurred(value: JSON) -> Moment:
    """When the event occurred."""
    at = moment(value)
    if at is None:
        raise InvalidEvent(f"occurred is {quoted(value)}, not an RFC 3339 time with offset, 1970 or later")
    return at


def own_id(value: JSON, speaker: Speaker) -> str:
    """The event's own resource id, verbatim."""
    if not isinstance(value, str) or not value.startswith(speaker) or value == speaker:
        raise InvalidEvent(f"{parsing.ID} is {quoted(value)}, not {speaker}…")
    return value


def flow_run(told: str | None) -> str:
    """The UUID of the flow run that related resources name."""
    if told is None:
        raise InvalidEvent("related has no flow-run with the id prefect.flow-run.<UUID>")
    return told
