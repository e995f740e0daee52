"""Bounds on the size of an event, whatever its producer wrote (rule B5).

An event becomes a message of the lifecycles topic, part of a table entry (512 KiB at most) and part of a record, each
with a limit of its own. Kafka's limit on a raw record does not keep it within these, as it counts compressed bytes.
"""

from itertools import accumulate
from typing import Final, TypeVar

import orjson
from msgspec.structs import astuple, replace

from correlator.event import Details, Event, Infrastructure, Named, Runner, Worker
from correlator.prefect.invalid import InvalidEvent
from correlator.prefect.resources import MAX_LABEL, short

MAX_UNTRIMMED: Final = 65_536
"""Bytes of the largest raw event that is not trimmed: real ones have 500 to 1,400, or somewhat more with many tags."""

MAX_TAG_BYTES: Final = 65_536
"""How many bytes the tags of a larger event may take in total, as JSON. The tags beyond are cut."""

PartT = TypeVar("PartT", Named, Worker, Runner)


def trimmed(event: Event, details: Details) -> tuple[Event, Details]:
    """The event within bounds, ``truncated`` if anything was cut. Raises `InvalidEvent` if an id is too long: records
    promise ids, and a worker is known by its id.
    """
    ran = event.infrastructure
    infrastructure = ran and Infrastructure(short(ran.identifier), ran.status_code)
    within = Details(
        short(details.flow_run_name),
        _within(details.flow),
        _within(details.deployment),
        _within(details.work_pool),
        _within(details.worker),
        _within(details.runner),
        _fitting(details.tags),
    )
    cut = within != details or infrastructure != ran
    return replace(event, truncated=event.truncated or cut, infrastructure=infrastructure), within


def _within(part: PartT | None) -> PartT | None:
    """A part of a record, without labels that are too long."""
    if part is None:
        return None
    id_, *labels = astuple(part)
    if len(id_) > MAX_LABEL:
        raise InvalidEvent(f"prefect.resource.id has more than {MAX_LABEL} characters")
    return type(part)(id_, *map(short, labels))


def _fitting(tags: tuple[str, ...]) -> tuple[str, ...]:
    ends = accumulate(len(orjson.dumps(tag)) + 1 for tag in tags)
    return tuple(tag for tag, end in zip(tags, ends, strict=True) if end <= MAX_TAG_BYTES)
