"""Runs whose states, pods and tasks say something, as they happen in `generated`: most are of detached workers."""

import uuid
from typing import TYPE_CHECKING

from support.events import CANCELLED, EXECUTED, of_run

if TYPE_CHECKING:
    from tests.stage.generated import Life, World

POD, TASK = "prefect.kubernetes.pod.", "prefect.ecs.task."
MINUTE = 60.0


class Witnessed:
    """One run, from its submit on. What happens to it becomes part of the generated world."""

    def __init__(self, world: "World") -> None:
        self._world, self._rng, self._run = world, world.rng, world.id()
        self._ecs = self._rng.random() < 0.2
        self._detached = f"prefect.worker.{'ecs' if self._ecs else 'kubernetes'}.d-{self._rng.randrange(20)}"
        world.skews.setdefault(self._detached, self._rng.uniform(-1.5, 1.5))

    def live(self) -> None:
        """Let the run go one of the ways that runs may go."""
        stories = {
            self._ordinary: 10,
            self._retried: 2,
            self._replaced: 0 if self._ecs else 3,
            self._cancelled: 3,
            self._without_state: 2,
            self._without_infrastructure: 2,
            self._silent: 2,
            self._waited_for: 3,
            self._killed: 2,
            self._never_began: 2,
            self._not_submitted: 1,
        }
        (story,) = self._rng.choices(list(stories), list(stories.values()))
        story(self._world.end - self._rng.uniform(0, self._world.shape.hours) * 60 * MINUTE)

    def _ordinary(self, at: float) -> float | None:
        life, unit = self._created(at)
        ends = self._later(life)
        if life is not None and ends is not None:
            self._runs(life)
            self._ends(life, unit, ends, self._rng.choice(("COMPLETED", "COMPLETED", "FAILED", "CRASHED")))
        return ends

    def _retried(self, at: float) -> None:
        ended = self._ordinary(at)
        if ended is not None:
            self._ordinary(
                ended + self._rng.choice((30.0, self._rng.uniform(60, 1000), self._rng.uniform(60, 120) * MINUTE))
            )

    def _replaced(self, at: float) -> None:
        """Its first pod is evicted, and another takes its place."""
        life, first = self._created(at)
        evicted = self._later(life)
        if life is None or evicted is None:
            return
        self._runs(life)
        self._phase("evicted", first, evicted, reason="Evicted")
        second = f"{first[:-1]}2"
        self._phase("pending", second, evicted + 5)
        self._phase("running", second, evicted + 9)
        self._state("RUNNING", evicted + 12)
        ends = self._later(life, evicted + 15)
        if ends is not None:
            self._ends(life, second, ends, "COMPLETED")

    def _cancelled(self, at: float) -> None:
        """The runner says so only after the flow's hooks, when its pod has ended."""
        life, unit = self._created(at)
        ends = self._later(life)
        if life is not None and ends is not None:
            self._runs(life)
            self._ends(life, unit, ends, "CANCELLED")
            life.cancellation = self._world.id()
            runner = "prefect.runner.r"
            self._world.say(CANCELLED, life.cancellation, ends + 28, self._run, runner, of_run(self._run))

    def _without_state(self, at: float) -> None:
        life, unit = self._created(at)
        ends = self._later(life)
        if life is not None and ends is not None:
            self._ends(life, unit, ends, None)

    def _without_infrastructure(self, at: float) -> None:
        life, _ = self._created(at, phases=False)
        self._ended_by_state(life, self._rng.choice(("COMPLETED", "CRASHED")))

    def _silent(self, at: float) -> None:
        self._created(at, phases=False)

    def _waited_for(self, at: float) -> None:
        """Of a worker that waits: its word counts, whatever others say."""
        life = self._world.submitted(self._run, at, self._rng.choice(self._world.names))
        ends = self._later(life)
        if life is not None and ends is not None:
            self._runs(life)
            life.state = self._rng.choice(("COMPLETED", "FAILED"))
            self._state(life.state, ends)
            self._world.executed(life, ends + self._rng.uniform(3, 9))

    def _killed(self, at: float) -> None:
        """Of a worker that waits, until it is killed: the server finds that its run has crashed."""
        self._ended_by_state(self._world.submitted(self._run, at, self._rng.choice(self._world.names)), "CRASHED")

    def _never_began(self, at: float) -> None:
        """Cancelled while it is pending: its state is all that comes."""
        life = self._world.submitted(self._run, at, self._rng.choice(self._world.names))
        if life is not None:
            at = life.at + self._rng.uniform(5, 20)
            life.ended, life.ended_by, life.state = self._state("CANCELLED", at), "flow-run", "CANCELLED"
            life.end = life.cancellation = "its state"

    def _not_submitted(self, at: float) -> None:
        """Served, or run by hand: no worker knows of it."""
        at = self._world.calm(self._run, at)
        self._state("RUNNING", at)
        self._state("COMPLETED", at + 20)

    # Events

    def _created(self, at: float, *, phases: bool = True) -> "tuple[Life | None, str]":
        """Submitted, and created: without waiting, its worker says that it is executed. Returns its pod or task."""
        life = self._world.submitted(self._run, at, self._detached)
        if life is None:
            return None, ""
        job = f"sly-fox-{self._rng.getrandbits(20):05x}"
        unit = f"arn:aws:ecs:eu-central-1:1:task/c/{job}" if self._ecs else f"{job}-x1"
        identifier = f"c::{unit}" if self._ecs else f"default:{job}"
        labels = {"prefect.infrastructure.identifier": identifier, "prefect.infrastructure.status-code": "0"}
        if phases and not self._ecs:
            self._phase("pending", unit, life.at + self._rng.uniform(-1, 1))
            self._phase("running", unit, life.at + 5)
        related = of_run(self._run, labels)
        self._world.say(EXECUTED, self._world.id(), life.at + 2, self._run, self._detached, related, life.start)
        return life, unit

    def _later(self, life: "Life | None", at: float = 0.0) -> float | None:
        """A time for its end, if there is one yet."""
        if life is None:
            return None
        ends = self._world.calm(self._run, max(at, life.at) + self._world.length())
        return ends if ends < self._world.end - MINUTE else None

    def _runs(self, life: "Life") -> None:
        life.running = self._state("RUNNING", life.at + self._rng.uniform(6, 12))

    def _ends(self, life: "Life", unit: str, at: float, state: str | None) -> None:
        """Its pod or task ends, about when its flow run comes into its terminal state."""
        if state is not None:
            self._state(state, at)
        phase = "stopped" if self._ecs else "succeeded"
        life.end, life.ended = self._phase(phase, unit, at + self._rng.uniform(-1, 9))
        life.ended_by, life.state = "infrastructure", state

    def _ended_by_state(self, life: "Life | None", state: str) -> None:
        ends = self._later(life)
        if life is not None and ends is not None:
            self._runs(life)
            life.end, life.ended, life.ended_by, life.state = "its state", self._state(state, ends), "flow-run", state

    def _state(self, type_: str, at: float) -> int:
        own = {
            "prefect.resource.id": f"prefect.flow-run.{self._run}",
            "prefect.state-type": type_,
            "prefect.state-name": type_.title(),
        }
        name = f"prefect.flow-run.{type_.title()}"
        self._world.say(name, self._world.id(), at, self._run, own["prefect.resource.id"], [], own=own)
        return self._world.micro(at, "")

    def _phase(self, phase: str, unit: str, at: float, reason: str | None = None) -> tuple[str, int]:
        """Pods are dated in whole seconds, and their events have ids made of pod and phase."""
        if not self._ecs:
            at = float(int(at))
        speaker, label = (TASK, "ecs.taskArn") if self._ecs else (POD, "prefect.resource.name")
        id_ = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self._run} {unit} {phase}"))
        own = {"prefect.resource.id": f"{speaker}{uuid.uuid5(uuid.NAMESPACE_OID, unit)}", label: unit}
        if reason is not None:
            own["kubernetes.reason"] = reason
        said = (f"{speaker}{phase}", id_, at, self._run, own["prefect.resource.id"], of_run(self._run))
        self._world.say(*said, own=own)
        return id_, self._world.micro(at, "")
