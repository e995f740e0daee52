"""Bounds on what one event may bring, whatever its producer wrote (rule B5).

An event becomes a message of the lifecycles topic, a part of a table's entry (512 KiB at most) and of a record, each
with limits of its own, and Kafka's limit on a raw record does not bound it: that counts compressed bytes.
"""

from itertools import accumulate
from typing import Final

import orjson
from msgspec.structs import replace

from correlator.event import Details, Event, Infrastructure, Named, Runner, Worker
from correlator.prefect.invalid import InvalidEvent

ORDINARY: Final = 65_536
"""Bytes of a raw event that need no trimming: real ones have 500 to 1,400, and a few tags more."""

LONGEST_LABEL: Final = 1_024
"""Characters that a label of a larger event may have: a longer one is null, and a longer id of its own is invalid."""

LONGEST_TAGS: Final = 65_536
"""Bytes that the tags of a larger event may take together, written as JSON: those beyond are cut."""


def trimmed(event: Event, details: Details) -> tuple[Event, Details]:
    """The event within bounds, ``truncated`` where that cut anything. Raises `InvalidEvent` where an id is too long:
    records promise ids, and a worker is known by its own.
    """
    ran = event.infrastructure
    infrastructure = ran and Infrastructure(_short(ran.identifier), ran.status_code)
    within = Details(
        flow_run_name=_short(details.flow_run_name),
        flow=_named(details.flow),
        deployment=_named(details.deployment),
        work_pool=_named(details.work_pool),
        worker=_worker(details.worker),
        runner=_runner(details.runner),
        tags=_fitting(details.tags),
    )
    cut = within != details or infrastructure != ran
    return replace(event, truncated=event.truncated or cut, infrastructure=infrastructure), within


def _named(part: Named | None) -> Named | None:
    return part and Named(part.id, _short(part.name))


def _worker(part: Worker | None) -> Worker | None:
    return part and Worker(_promised(part.id), _short(part.name), _short(part.type), _short(part.version))


def _runner(part: Runner | None) -> Runner | None:
    return part and Runner(_promised(part.id), _short(part.name), _short(part.version))


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) <= LONGEST_LABEL else None


def _promised(id_: str) -> str:
    if len(id_) > LONGEST_LABEL:
        raise InvalidEvent(f"prefect.resource.id has more than {LONGEST_LABEL} characters")
    return id_


def _fitting(tags: tuple[str, ...]) -> tuple[str, ...]:
    ends = accumulate(len(orjson.dumps(tag)) + 1 for tag in tags)
    return tuple(tag for tag, end in zip(tags, ends, strict=True) if end <= LONGEST_TAGS)
