"""What is remembered of a subject: its events, what each of them waits for, and what was published about them.

Pairs are not kept. They are decided anew from the events (`pairing`), so the order of arrival leaves no trace. The
table holds these Structs, each with its fields in this order.
"""

from typing import Final

from msgspec import Struct

from correlator.core.lifecycle import Version
from correlator.event import Details, Event, Kind
from correlator.moments import Moment

FORMAT: Final = 2
"""The version of the table's format. Raise it with every change of shape."""


class Successor(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """The next start of the same subject."""

    id: str
    occurred: Moment
    supersedes_at: Moment
    """When the older start is superseded, unless its end comes first (rule O3)."""


class Remembered(Struct, eq=False, gc=False, array_like=True, forbid_unknown_fields=True):
    """An event of the subject. Its deadlines are low watermarks."""

    event: Event
    details: Details | None
    """Its details; None if they are those that the subject's state holds."""
    clock: Moment
    """The clock of its raw partition when it came."""
    deadline: Moment
    """When a start is lost, an end stops waiting for its start, and a cancellation or a witness stops waiting for its
    lifecycle, or for the end of it."""
    version: Version | None = None
    """The last published version of the lifecycle that this event opens."""
    forget_at: Moment = Moment(0)
    """When the published lifecycle is forgotten."""
    spent: bool = False
    """Whether it is an end or a cancellation that was published alone: nothing else can take it any more (rule M8)."""

    @property
    def order(self) -> tuple[Moment, str]:
        """The sort key among events of its role: when it occurred, then its id."""
        return self.event.occurred, self.event.id

    @property
    def turn(self) -> tuple[Moment, str]:
        """The sort key by which ends take starts: when the end occurred; or, if it came more than ``grace`` after that,
        when it came, since what had been taken by then was published (rule M7).
        """
        late = self.clock - self.event.occurred > self.deadline - self.clock
        return self.clock if late else self.event.occurred, self.event.id


class RememberedStart(Remembered, eq=False, gc=False, array_like=True, forbid_unknown_fields=True):
    """A start."""

    successor: Successor | None = None
    passed_over: bool = False
    """Whether something that is forgotten makes its match ambiguous (rule M9): an end that could have been its own and
    took another start, or a start that its own end could have taken. Ambiguity by remembered events is not kept but
    judged anew each time (`pairing`), as a ``follows`` may yet resolve it.
    """
    endless_until: Moment = Moment(0)
    """Until when it is remembered after it was published without an end; 0 if it was not. It can take an end that comes
    until then, and no later one, even if an end has since extended how long it is remembered."""
    silence_noted: bool = False
    """Whether it was reported as silent (rule W5)."""

    @property
    def settles(self) -> Moment:
        """When it is superseded or lost, unless its end comes first or it was cancelled."""
        return self.deadline if self.successor is None else min(self.deadline, self.successor.supersedes_at)


class SubjectState(
    Struct, eq=False, gc=False, array_like=True, forbid_unknown_fields=True, tag_field="version", tag=FORMAT
):
    """Everything that is remembered of a subject."""

    kind: Kind
    subject: str
    details: Details
    """The details of its events, except those events that hold details of their own."""
    starts: list[RememberedStart] = []
    """Sorted by `Remembered.order`, like the cancellations."""
    ends: list[Remembered] = []
    """Sorted by `Remembered.turn`: the order in which they take starts."""
    cancellations: list[Remembered] = []
    witnesses: list[Remembered] = []
    """Sorted by `Remembered.order`. Only the last phase of each pod or task is kept, and no details."""
    due: Moment | None = None
    """The earliest low watermark at which something is due."""

    def knows(self, event_id: str) -> bool:
        """Whether the event is already remembered, and so a duplicate (rule A2)."""
        for group in (self.starts, self.ends, self.cancellations, self.witnesses):
            for known in group:
                if known.event.id == event_id:
                    return True
        return False

    def told_by(self, *events: Remembered | None) -> tuple[Details, ...]:
        """The details of these events, in their order, without repeats."""
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
        """The starts of lifecycles that are open and have no record, the oldest first. A lifecycle that lost its end to
        another start is open again but not among them: it has a record, which stands until it is amended.
        """
        return [start for start in self.starts if start.version is None]

    @property
    def empty(self) -> bool:
        """Whether nothing is left to remember."""
        return not (self.starts or self.ends or self.cancellations or self.witnesses)
