"""A subject's scene: events and time go in as the stage passes them on, and every published version is kept.

Times are minutes, ids are short, and a lifecycle is written as one reads it: ``a..x completed resource ambiguous``.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from correlator import core
from correlator.core import Fate, Lifecycle, Rules, SubjectState
from correlator.event import Details, Event, Exit, Infrastructure, Kind, Phase, Role, State, StateType
from correlator.moments import MINUTE, Moment

WORKER = "prefect.worker.process.etl"
KUBERNETES = "prefect.worker.kubernetes.k8s"
EPOCH = Moment(1_790_000_000_000_000)
SILENT = Details()


def at(minutes: float) -> Moment:
    """The moment of a minute in a scene."""
    return EPOCH + round(minutes * MINUTE)


def rules(**minutes: float | bool) -> Rules:
    """The default rules, with some spans given in minutes."""
    return replace(
        Rules(),
        **{
            name: value if isinstance(value, bool) or name.startswith("max_") else round(value * MINUTE)
            for name, value in minutes.items()
        },
    )


class Said(NamedTuple):
    """An event of the scene's subject."""

    role: Role
    id: str
    occurred: float
    follows: str | None = None
    worker: str | None = WORKER
    truncated: bool = False
    detached: bool = False
    told: State | Phase | None = None
    job: str | None = None

    @property
    def event(self) -> Event:
        ran = None if self.job is None else Infrastructure(self.job, None)
        at_ = at(self.occurred)
        return Event(self.role, self.id, at_, self.worker, self.follows, self.truncated, ran, self.detached, self.told)


class Passed(NamedTuple):
    """Quiet time: the raw partition's clock follows the wall clock."""

    until: float


Step = Said | Passed


def start(id_: str, occurred: float, worker: str = WORKER) -> Said:
    return Said(Role.START, id_, occurred, None, worker)


def end(id_: str, occurred: float, follows: str | None = None, worker: str = WORKER) -> Said:
    return Said(Role.END, id_, occurred, follows, worker)


def cancel(id_: str, occurred: float) -> Said:
    return Said(Role.CANCELLATION, id_, occurred, None, None)


def submit(id_: str, occurred: float, worker: str = KUBERNETES) -> Said:
    """The start of a run by a worker that does not wait."""
    return Said(Role.START, id_, occurred, None, worker, detached=True)


def created(id_: str, occurred: float, follows: str | None = None, job: str | None = None) -> Said:
    """The creation of a Job or a task by such a worker."""
    return Said(Role.CREATION, id_, occurred, follows, KUBERNETES, job=job and f"default:{job}")


def pod(id_: str, occurred: float, exit_: Exit | None = None, name: str = "job-1", reason: str | None = None) -> Said:
    """The phase of a pod, which lives or has ended."""
    return Said(Role.PHASE, id_, occurred, None, None, told=Phase(f"pod.{name}", name, exit_, reason))


def running(id_: str, occurred: float) -> Said:
    """RUNNING: the flow's own code runs."""
    return Said(Role.RUNNING, id_, occurred, None, None)


def state(id_: str, occurred: float, type_: StateType = StateType.COMPLETED) -> Said:
    """The terminal state of the flow run."""
    return Said(Role.STATE, id_, occurred, None, None, told=State(type_, None))


def until(minutes: float) -> Passed:
    return Passed(minutes)


def identity(lifecycle: Lifecycle) -> str:
    """The id of the opening event, which identifies the record."""
    return lifecycle.opening.id


def written(lifecycle: Lifecycle, *, amended: bool = True) -> str:
    """A version as one line: what met, the outcome, how it was matched, and further properties if they apply."""
    start_, end_, cancellation = lifecycle.start, lifecycle.end, lifecycle.cancellation
    met = f"{start_.id if start_ else ''}..{end_.id if end_ else ''}"
    heard = (lifecycle.creation, lifecycle.running, lifecycle.state, lifecycle.phase)
    return " ".join(
        filter(
            None,
            (
                met + (f"/{cancellation.id}" if cancellation else ""),
                lifecycle.outcome or "open",
                lifecycle.superseded_by and f"by {lifecycle.superseded_by}",
                lifecycle.matched_by,
                lifecycle.ambiguous and "ambiguous",
                lifecycle.truncated and "truncated",
                any(heard) and f"({','.join(event.id for event in heard if event is not None)})",
                amended and lifecycle.amended and "amended",
            ),
        )
    )


class Scene:
    """One subject, whose events come by one raw partition, or by several with clocks given by hand.

    The state goes through the codec after every step, as it does between two slices.
    """

    def __init__(self, kind: Kind = Kind.FLOW_RUN, rules_: Rules | None = None, subject: str = "s") -> None:
        self.kind, self.rules, self.subject = kind, rules_ or Rules(), subject
        self.state: SubjectState | None = None
        self.clock: Moment | None = None
        self.published: list[Lifecycle] = []
        self.fates: list[Fate] = []
        self.unclaimed = self.silent = 0

    def play(self, steps: Iterable[Step]) -> "Scene":
        for step in steps:
            if isinstance(step, Passed):
                self.pass_to(at(step.until))
            else:
                self.say(step.event)
        return self

    def say(self, event: Event, details: Details = SILENT) -> None:
        clock = event.occurred if self.clock is None else max(self.clock, event.occurred)
        self.let_in(event, clock, clock, details)
        self.pass_to(clock)

    def let_in(self, event: Event, clock: Moment, watermark: Moment | None, details: Details = SILENT) -> None:
        """Decide one event, with any clock and low watermark."""
        state = self.state or SubjectState(self.kind, self.subject, details)
        decision = core.on_event(state, event, details, clock, watermark, self.rules)
        self.fates.append(decision.fate)
        self._take(decision)

    def pass_to(self, watermark: Moment) -> None:
        """Decide what is due until nothing is."""
        self.clock = watermark
        for _ in range(10_000):
            if self.state is None or (due := self.state.due) is None or due >= watermark:
                return
            self._take(core.on_watermark(self.state, watermark, self.rules))
        raise AssertionError("what was due remains due")

    def end_input(self) -> None:
        if self.state is not None:
            self._take(core.on_end_of_input(self.state, self.rules))

    def _take(self, decision: core.Decision) -> None:
        self.published += decision.lifecycles
        self.unclaimed += decision.unclaimed
        self.silent += decision.silent
        self.state = decision.state
        if self.state is not None:
            value = core.encode(self.state)
            self.state = core.decode(value)
            assert core.encode(self.state) == value

    @property
    def versions(self) -> list[str]:
        """All published versions, in order."""
        return [written(lifecycle) for lifecycle in self.published]

    @property
    def finals(self) -> dict[str, Lifecycle]:
        """The last version of each record."""
        return {identity(lifecycle): lifecycle for lifecycle in self.published}

    @property
    def records(self) -> set[str]:
        """The last versions as text, without whether they amend others, which is no part of the truth."""
        return {written(lifecycle, amended=False) for lifecycle in self.finals.values()}

    @property
    def open(self) -> list[str]:
        """The open lifecycles as text."""
        return [] if self.state is None else [written(x) for x in core.open_lifecycles(self.state, self.rules)]
