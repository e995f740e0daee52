"""The lives of workers and runs in chaos tests, and the records that each must be published as.

None of them is ambiguous: an end has at most one start that it can belong to, however late or in whatever order the
events come. Every combination of Prefect's rules is tested in ``tests/core`` and ``tests/stage`` instead.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from chaos.identity import FLOW_RUN, WORKER, record_id
from support.events import CANCELLED, EXECUTED, STARTED, STOPPED, SUBMITTED

TIGHT_TIMING: Final = 5.0
"""The stage's setting here, in seconds. Prefect's is 5 minutes, which is longer than a fault lasts."""
MAX_LIFE: Final = 15.0
"""Roughly the longest life, in seconds: at the end of a test, all lives are waited for."""


class Step(NamedTuple):
    """An event of a life, which occurs between ``least`` and ``most`` seconds after the one before."""

    event: str
    least: float = 0.0
    most: float = 0.0
    follows: bool = False
    """Whether it names the event before it. If not, it comes later than `TIGHT_TIMING`."""


class Plot(NamedTuple):
    """A life: its events, and the records that must be published."""

    name: str
    weight: int
    """How many of a hundred lives follow this plot."""
    steps: tuple[Step, ...]
    outcomes: tuple[str, ...] = ("completed",)
    """The outcome of each lifecycle that the events open; ``open`` for one that gets no record."""
    waits: bool = False
    """Whether a record only comes after ``grace``."""
    amendable: bool = False
    """Whether a record may be amended as more becomes known."""

    @property
    def kind(self) -> str:
        """The kind of its records."""
        return WORKER if self.steps[0].event in (STARTED, STOPPED) else FLOW_RUN


_ENDS_SOON: Final = Step(EXECUTED, 0.2, 3.0, follows=True)

PLOTS: Final = (
    Plot("a short run", 34, (Step(SUBMITTED), _ENDS_SOON)),
    Plot("a long run", 22, (Step(SUBMITTED), Step(EXECUTED, TIGHT_TIMING + 1, MAX_LIFE))),
    Plot(
        "a run that is retried",
        8,
        (Step(SUBMITTED), _ENDS_SOON, Step(SUBMITTED, 0.5, 0.5), _ENDS_SOON),
        ("completed", "completed"),
    ),
    Plot("a short worker", 6, (Step(STARTED), Step(STOPPED, 0.2, 3.0, follows=True))),
    Plot("a long worker", 10, (Step(STARTED), Step(STOPPED, TIGHT_TIMING + 1, MAX_LIFE))),
    Plot("a worker that is replaced", 3, (Step(STARTED), Step(STARTED, 1.0, 5.0)), ("superseded", "open"), waits=True),
    Plot(
        "a run that is cancelled",
        7,
        (Step(SUBMITTED), Step(CANCELLED, 0.5, 3.0), Step(EXECUTED, TIGHT_TIMING + 1, 7.0)),
        ("cancelled",),
        amendable=True,
    ),
    Plot("a run cancelled for good", 3, (Step(SUBMITTED), Step(CANCELLED, 1.0, 3.0)), ("cancelled",), waits=True),
    Plot("a served run, cancelled", 3, (Step(CANCELLED),), ("cancelled",), waits=True),
    Plot("an end without a start", 2, (Step(EXECUTED),), ("unmatched",), waits=True),
    Plot("a run that never ends", 2, (Step(SUBMITTED),), ("open",)),
)


class Happened(NamedTuple):
    """An event that was sent; ``occurred`` in microseconds since 1970 UTC."""

    event: str
    id: str
    occurred: int


class Expected(NamedTuple):
    """A record that consumers must have received: its id, and what it must say."""

    id: str
    what: tuple[object, ...]
    amendable: bool = False


def records(plot: Plot, happened: Sequence[Happened]) -> Iterator[Expected]:
    """The records that must be published for a life that is over."""
    lives: list[list[tuple[Step, Happened]]] = []
    for step, one in zip(plot.steps, happened, strict=True):
        if not lives or step.event in (STARTED, SUBMITTED):
            lives.append([])
        lives[-1].append((step, one))
    for number, (outcome, life) in enumerate(zip(plot.outcomes, lives, strict=True)):
        if outcome != "open":
            after = lives[number + 1][0][1].id if outcome == "superseded" else None
            yield Expected(record_id(plot.kind, life[0][1].id), (outcome, *_told(life), after), plot.amendable)


def _told(life: Sequence[tuple[Step, Happened]]) -> tuple[object, ...]:
    """How the end was matched, the duration in microseconds, and the ids of start, end and cancellation."""
    found = dict[str, tuple[Step, Happened]]()
    for step, one in life:
        role = {STARTED: "start", SUBMITTED: "start", CANCELLED: "cancellation"}.get(step.event, "end")
        found[role] = (step, one)
    (_, start), (ending, end), (_, cancellation) = (
        found.get(role, (None, None)) for role in ("start", "end", "cancellation")
    )
    how = None if start is None or end is None or ending is None else "follows" if ending.follows else "resource"
    lasted = None if start is None or end is None else end.occurred - start.occurred
    return (how, lasted, *(one and one.id for one in (start, end, cancellation)))
