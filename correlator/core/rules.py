"""The spans and bounds that decisions are made by."""

from dataclasses import dataclass
from typing import Final

from correlator.event import Kind
from correlator.moments import DAY, MINUTE, Span

_WORKER: Final = Kind.WORKER


@dataclass(frozen=True, slots=True)
class Rules:
    """How long to wait for events that belong together, how long to remember them, and how many, with the defaults."""

    tight_timing: Span = 5 * MINUTE
    """Prefect sets ``follows`` only if start and end are closer than this, so the start of an end without it lies at
    least this far back (rule F1). 0: the producer strips ``follows``, so its absence says nothing."""
    grace: Span = 15 * MINUTE
    """How long an end waits for its start, a cancellation for its submit, a start for its end after a newer start came,
    and a witness for a better one."""
    remember: Span = 30 * MINUTE
    """How long a published lifecycle can be amended, and recognizes its events when they come again."""
    flow_run_limit: Span = 7 * DAY
    worker_limit: Span = 90 * DAY
    worker_names_shared: bool = False
    """Whether several workers run under one name at the same time: then a newer start says nothing about an older
    one."""
    max_starts: int = 1000
    max_waiting: int = 1000
    max_entry_bytes: int = 512 * 1024

    def limit(self, kind: Kind) -> Span:
        """How long a lifecycle may be open before it is lost (rule O4)."""
        return self.worker_limit if kind is _WORKER else self.flow_run_limit
