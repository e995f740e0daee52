"""What is remembered of a subject: its events, what each of them waits for, and what was published of them.

Pairs are not kept: they are decided anew from the events (`pairing`), so the order in which those came leaves no trace.
Its Structs are what the table holds, each with its fields in this order.
"""

from typing import Final

from msgspec import Struct

from correlator.core.lifecycle import Version
from correlator.event import Details, Event, Kind
from correlator.moments import Moment

FORMAT: Final = 2
"""The version of what the table holds. Goes up with a change of shape."""


class Successor(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """The next start after a start."""

    id: str
    occurred: Moment
    supersedes_at: Moment
    """When the older one is superseded, if it has no end by then (rule O3)."""


class Remembered(Struct, eq=False, gc=False, array_like=True, forbid_unknown_fields=True):
    """An event of the subject. Deadlines are low watermarks."""

    event: Event
    details: Details | None
    """What it tells; None where that is what its subject's state tells."""
    clock: Moment
    """The clock of the raw partition that it came by, when it came."""
    deadline: Moment
    """A start: when it is lost. An end: when it stops waiting for its start. A cancellation, a witness: when it stops
    waiting for what it belongs to, or for the end of that."""
    version: Version | None = None
    """What was published of the lifecycle that this event opens."""
    forget_at: Moment = Moment(0)
    """When what was published is forgotten."""
    spent: bool = False
    """An end or a cancellation that was published alone: it belongs to nothing else any more (rule M8)."""

    @property
    def order(self) -> tuple[Moment, str]:
        """Where it stands among others: by when it occurred, and its id."""
        return self.event.occurred, self.event.id

    @property
    def turn(self) -> tuple[Moment, str]:
        """Of an end: when its turn to take a start is. When it occurred; but where it came later than it would have
        waited itself (``grace``), when it came: what was taken by then was published (rule M7).
        """
        late = self.clock - self.event.occurred > self.deadline - self.clock
        return self.clock if late else self.event.occurred, self.event.id


class RememberedStart(Remembered, eq=False, gc=False, array_like=True, forbid_unknown_fields=True):
    """A start."""

    successor: Successor | None = None
    passed_over: bool = False
    """Whether it is ambiguous by what is forgotten (rule M9): an end that took another start and could have been its
    own, or a start that its own end could have taken. What is remembered is judged anew each time (`pairing`), as
    ``follows`` may yet clear it up.
    """
    endless_until: Moment = Moment(0)
    """Until when it is remembered for what was published of it without an end; 0 where nothing was. That settles which
    ends it can take, however long an end has made it remembered since."""
    silence_noted: bool = False
    """Whether it was told that no witness speaks of it (rule W5)."""

    @property
    def settles(self) -> Moment:
        """When it is superseded or lost, if it has no end by then and was not cancelled."""
        return self.deadline if self.successor is None else min(self.deadline, self.successor.supersedes_at)


class SubjectState(
    Struct, eq=False, gc=False, array_like=True, forbid_unknown_fields=True, tag_field="version", tag=FORMAT
):
    """All that is remembered of a subject."""

    kind: Kind
    subject: str
    details: Details
    """What its events tell, but for those that tell something else."""
    starts: list[RememberedStart] = []
    """In order of (occurred, id), as the cancellations."""
    ends: list[Remembered] = []
    """In the order in which they take starts (`Remembered.turn`)."""
    cancellations: list[Remembered] = []
    witnesses: list[Remembered] = []
    """In order of (occurred, id); of a pod or a task, its last phase alone. What they tell besides is not kept."""
    due: Moment | None = None
    """The earliest low watermark at which something is due."""

    def knows(self, event_id: str) -> bool:
        """Whether the event is a duplicate (rule A2)."""
        for group in (self.starts, self.ends, self.cancellations, self.witnesses):
            for known in group:
                if known.event.id == event_id:
                    return True
        return False

    def told_by(self, *events: Remembered | None) -> tuple[Details, ...]:
        """What events tell one after the other; what is told twice, once."""
        told: list[Details] = []
        for known in events:
            if known is not None:
                details = known.details or self.details
                if details not in told:
                    told.append(details)
        return tuple(told)

    def __len__(self) -> int:
        """How many events are remembered."""
        return len(self.starts) + len(self.ends) + len(self.cancellations) + len(self.witnesses)

    @property
    def unpublished(self) -> list[RememberedStart]:
        """The starts that nothing was published of: their lifecycles are open. The oldest first. (One whose end another
        start took is open again, and not among them: its record stands until it is amended.)
        """
        return [start for start in self.starts if start.version is None]

    @property
    def empty(self) -> bool:
        """Whether nothing is left to remember."""
        return not (self.starts or self.ends or self.cancellations or self.witnesses)
