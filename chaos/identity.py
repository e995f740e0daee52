"""What the judge knows by itself, so that a mistake of the stage's code is not its own: ids, partitions, times."""

import uuid
from typing import Final

from aiokafka.partitioner import murmur2

SECOND: Final = 1_000_000
"""In microseconds, as all times here are."""
WORKER, FLOW_RUN = "worker-uptime", "flow-run-duration"
"""The kinds of records."""

_RECORDS: Final = uuid.uuid5(uuid.NAMESPACE_DNS, "prefect.correlator")


def record_id(kind: str, event_id: str) -> str:
    """Of the record of a life that an event opened; else of the one that closed it (`docs/records.md`)."""
    return str(uuid.uuid5(_RECORDS, f"{kind}:{event_id}"))


def partition_for(key: bytes, partitions: int) -> int:
    """Where Java's clients put a key."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)
