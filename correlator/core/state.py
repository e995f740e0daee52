"""What is remembered of a subject: its events, what each of them waits for, and what was published of them.

Pairs are not kept: they are decided anew from the events (`pairing`), so the order in which those came leaves no trace.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from correlator.core.lifecycle import MatchedBy, Outcome
from correlator.event import Event, Kind


class Shown(NamedTuple):
    """The version of a lifecycle that was published last."""

    outcome: Outcome | None
    matched_by: MatchedBy | None
    ambiguous: bool
    end: str | None
    cancellation: str | None
    superseded_by: str | None


@dataclass(slots=True, eq=False)
class Known:
    """An event of the subject. Deadlines are low watermarks, in microseconds since 1970 UTC."""

    event: Event
    wait: int
    """An end: when it stops waiting for its start. A cancellation: for what it belongs to, or the end of that. A
    start: when it is lost."""
    shown: Shown | None = None
    """What was published of the lifecycle that this event opens."""
    forget: int = 0
    """When what was published is forgotten."""
    spent: bool = False
    """An end or a cancellation that was published alone: it belongs to nothing else any more."""


@dataclass(slots=True, eq=False)
class KnownStart(Known):
    """A start."""

    overtaken: int | None = None
    """When it is superseded, where a newer start is known."""
    overtaken_by: str | None = None
    """The next start after it."""
    overtaken_at: int = 0
    """When that one occurred."""
    passed_over: bool = False
    """Whether it is ambiguous by what is forgotten: an end that took another start and could have been its own, or a
    start that its own end could have taken. What is remembered is judged anew each time (`pairing`), as ``follows`` may
    yet clear it up.
    """


@dataclass(slots=True, eq=False)
class SubjectState:
    """All that is remembered of a subject."""

    kind: Kind
    subject: str
    starts: list[KnownStart] = field(default_factory=list)
    """In order of (occurred, id), as the others."""
    ends: list[Known] = field(default_factory=list)
    cancellations: list[Known] = field(default_factory=list)
    due: int | None = None
    """The earliest low watermark at which something is due."""

    def knows(self, event_id: str) -> bool:
        """Whether the event is a duplicate."""
        groups = (self.starts, self.ends, self.cancellations)
        return any(known.event.id == event_id for group in groups for known in group)

    @property
    def unpublished(self) -> list[KnownStart]:
        """The starts that nothing was published of: their lifecycles are open. The oldest first."""
        return [start for start in self.starts if start.shown is None]

    @property
    def empty(self) -> bool:
        """Whether nothing is left to remember."""
        return not (self.starts or self.ends or self.cancellations)
