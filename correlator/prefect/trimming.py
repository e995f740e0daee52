"""Bounds on what one event may bring, whatever its producer wrote.

An event becomes a message of the lifecycles topic, a part of a table's entry (512 KiB at most) and of a record, each
with limits of its own, and Kafka's limit on a raw record does not bound it: that counts compressed bytes.
"""

from typing import Final

from correlator.event import JSON, Details, Event
from correlator.prefect.invalid import InvalidEvent

ORDINARY: Final = 65_536
"""Bytes of a raw event that need no trimming: real ones have 500 to 1,400, and a few tags more."""

LONGEST_LABEL: Final = 1_024
"""Characters that a label of a larger event may have: a longer one is null, and a longer id of its own is invalid."""

LONGEST_TAGS: Final = 65_536
"""Characters that the tags of a larger event may have together: those beyond are cut."""


def trimmed(event: Event) -> Event:
    """The event within bounds. Raises `InvalidEvent` where it is known by an id that is too long."""
    if len(event.subject) > LONGEST_LABEL or len(event.worker or "") > LONGEST_LABEL:
        raise InvalidEvent(f"prefect.resource.id has more than {LONGEST_LABEL} characters")
    details, truncated = Details(), event.truncated
    for part, value in event.details.items():
        if isinstance(value, dict):
            details[part] = {label: _short(text) for label, text in value.items()}
        elif isinstance(value, list):
            details[part] = kept = _within(value)
            truncated |= len(kept) < len(value)
    return event._replace(details=details, truncated=truncated)


def _short(value: JSON) -> JSON:
    return None if isinstance(value, str) and len(value) > LONGEST_LABEL else value


def _within(tags: list[JSON]) -> list[JSON]:
    kept, room = list[JSON](), LONGEST_TAGS
    for tag in tags:
        room -= len(str(tag))
        if room < 0:
            break
        kept.append(tag)
    return kept
