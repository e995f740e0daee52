"""Bounds on what one event may bring, whatever its producer wrote.

An event becomes a message of the lifecycles topic, a part of a table's entry (512 KiB at most) and of a record, each
with limits of its own, and Kafka's limit on a raw record does not bound it: that counts compressed bytes.
"""

from itertools import accumulate
from typing import Final

import orjson

from correlator.event import JSON, Event
from correlator.prefect.invalid import InvalidEvent

ORDINARY: Final = 65_536
"""Bytes of a raw event that need no trimming: real ones have 500 to 1,400, and a few tags more."""

LONGEST_LABEL: Final = 1_024
"""Characters that a label of a larger event may have: a longer one is null, and a longer id of its own is invalid."""

LONGEST_TAGS: Final = 65_536
"""Bytes that the tags of a larger event may take together, written as JSON: those beyond are cut."""


def trimmed(event: Event) -> Event:
    """The event within bounds, ``truncated`` where that cut anything. Raises `InvalidEvent` where an id is too long:
    records promise ids, and a worker is known by its own.
    """
    details = {part: _within(said) for part, said in event.details.items()}
    return event._replace(details=details, truncated=event.truncated or details != event.details)


def _within(said: JSON) -> JSON:
    if isinstance(said, dict):
        return {label: _short(label, text) for label, text in said.items()}
    if isinstance(said, list):
        return [tag for tag, end in zip(said, accumulate(map(_size, said)), strict=True) if end <= LONGEST_TAGS]
    return said


def _short(label: str, text: JSON) -> JSON:
    if not isinstance(text, str) or len(text) <= LONGEST_LABEL:
        return text
    if label == "id":
        raise InvalidEvent(f"prefect.resource.id has more than {LONGEST_LABEL} characters")
    return None


def _size(tag: JSON) -> int:
    return len(orjson.dumps(tag)) + 1
