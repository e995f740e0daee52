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
    clock: int
    """The clock of the raw partition that it came by, when it came."""
    deadline: int
    """A start: when it is lost. An end: when it stops waiting for its start. A cancellation: when it stops waiting for
    what it belongs to, or for the end of that."""
    shown: Shown | None = None
    """What was published of the lifecycle that this event opens."""
    forget_at: int = 0
    """When what was published is forgotten."""
    spent: bool = False
    """An end or a cancellation that was published alone: it belongs to nothing else any more."""

    @property
    def turn(self) -> tuple[int, str]:
        """Of an end: when its turn to take a start is. When it occurred; but where it came later than it would have
        waited itself (``grace``), when it came: what was taken by then was published.
        """
        late = self.clock - self.event.occurred > self.deadline - self.clock
        return self.clock if late else self.event.occurred, self.event.id


@dataclass(slots=True, eq=False)
class KnownStart(Known):
    """A start."""

    supersede_at: int | None = None
    """When it is superseded, where a newer start is known."""
    next_start: str | None = None
    """The id of the next start after it."""
    next_start_occurred: int = 0
    passed_over: bool = False
    """Whether it is ambiguous by what is forgotten: an end that took another start and could have been its own, or a
    start that its own end could have taken. What is remembered is judged anew each time (`pairing`), as ``follows`` may
    yet clear it up.
    """
    endless_until: int = 0
    """Until when it is remembered for what was published of it without an end; 0 where nothing was. That settles which
    ends it can take, however long an end has made it remembered since."""
    cancelled_at: int | None = None
    """When it is published as cancelled, if it has no end by then. Not kept: `pairing.assemble` works it out."""

    @property
    def settles(self) -> int:
        """When it is superseded or lost, if it has no end by then and was not cancelled."""
        return self.deadline if self.supersede_at is None else min(self.deadline, self.supersede_at)


@dataclass(slots=True, eq=False)
class SubjectState:
    """All that is remembered of a subject."""

    kind: Kind
    subject: str
    starts: list[KnownStart] = field(default_factory=list)
    """In order of (occurred, id), as the cancellations."""
    ends: list[Known] = field(default_factory=list)
    """In the order in which they take starts (`Known.turn`)."""
    cancellations: list[Known] = field(default_factory=list)
    due: int | None = None
    """The earliest low watermark at which something is due."""

    def knows(self, event_id: str) -> bool:
        """Whether the event is a duplicate."""
        for group in (self.starts, self.ends, self.cancellations):
            for known in group:
                if known.event.id == event_id:
                    return True
        return False

    def __len__(self) -> int:
        """How many events are remembered."""
        return len(self.starts) + len(self.ends) + len(self.cancellations)

    @property
    def unpublished(self) -> list[KnownStart]:
        """The starts that nothing was published of: their lifecycles are open. The oldest first. (One whose end another
        start took is open again, and not among them: its record stands until it is amended.)
        """
        return [start for start in self.starts if start.shown is None]

    @property
    def empty(self) -> bool:
        """Whether nothing is left to remember."""
        return not len(self)
