"""Real Prefect sessions, as they were; and the sample, one of them, as if it happened now."""

import gzip
import re
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import orjson

_DIRECTORY = Path(__file__).with_name("sample")
SAMPLE = _DIRECTORY / "prefect-3.9.1-events.jsonl"
"""What a Prefect 3.9.1 server said in a session of six and a half minutes."""
KUBERNETES = _DIRECTORY / "prefect-3.9.1-k8s.jsonl.gz"
"""What one said of a worker in Kubernetes, its pods and runs."""
SESSIONS = sorted(_DIRECTORY.glob("prefect-*.jsonl*"))
"""All of them, by the version of Prefect."""

_FLOW_RUN = re.compile(rb"prefect\.flow-run\.([0-9a-f-]{36})")


def lines(path: Path) -> list[bytes]:
    """The events of a session, in their order."""
    read = path.read_bytes()
    return (gzip.decompress(read) if path.suffix == ".gz" else read).splitlines()


class Due(NamedTuple):
    """An event, and when it is to be sent."""

    at: datetime
    event: bytes


def session(sample: Iterable[bytes], begins: datetime, name: str) -> Iterator[Due]:
    """The sample as a session that begins then: its own events and flow runs, the same workers, pools and flows."""
    said = list(sample)
    events = [orjson.loads(line) for line in said]
    own = {event["id"] for event in events} | {run.decode() for line in said for run in _FLOW_RUN.findall(line)}
    mine = re.compile("|".join(map(re.escape, own)).encode())
    first = min(datetime.fromisoformat(event["occurred"]) for event in events)
    for line, event in zip(said, events, strict=True):
        at = begins + (datetime.fromisoformat(event["occurred"]) - first)
        renamed = mine.sub(lambda found: str(uuid.uuid5(uuid.NAMESPACE_OID, name + found[0].decode())).encode(), line)
        yield Due(at, orjson.dumps(orjson.loads(renamed) | {"occurred": at}))


def length(sample: Iterable[bytes]) -> timedelta:
    """From the first event of the sample to its last."""
    times = [datetime.fromisoformat(orjson.loads(line)["occurred"]) for line in sample]
    return max(times) - min(times)
