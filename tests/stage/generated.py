"""A week in the life of a Prefect installation, or some hours: what happens, and what Prefect says of it.

What happens is the truth (`Life`); what Prefect says is the log. The log keeps to Prefect's rule (``follows`` only
while start and end are less than 5 minutes apart), and away from deadlines: nothing of a subject lies within
`Shape.away` of when something of it falls due, so that clocks that differ by a tick decide alike.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from correlator.core import Rules
from correlator.event import Kind
from correlator.partitioner import partition_for
from support.events import (
    CANCELLED,
    EXECUTED,
    STARTED,
    STOPPED,
    SUBMITTED,
    of_run,
    of_worker,
    runner_of,
    uuid_of,
    worker_of,
    written,
)
from tests.stage.witnessed import Witnessed

BEGIN = 1_704_067_200.0
"""2024-01-01, in seconds since 1970."""
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
TIGHT = 5 * MINUTE
OVERLAP = 2 * MINUTE


@dataclass
class Life:
    """A lifecycle as it really was, whatever its events say. Events are given by id, times in microseconds."""

    kind: Kind
    subject: str
    worker: str
    start: str | None
    end: str | None = None
    follows: bool = False
    cancellation: str | None = None
    started: int = 0
    ended: int = 0
    at: float = 0.0
    """When it began, by the true clock, in seconds since 1970."""
    ended_by: str = "worker"
    state: str | None = None
    """The type of the flow run's terminal state, if an event said it."""
    running: int = 0

    @property
    def identity(self) -> str:
        identity = self.start or self.end or self.cancellation
        assert identity is not None
        return identity


class Said(NamedTuple):
    """An event as it arrived: ``arrived`` in seconds since 1970, and the key that a bridge would give it."""

    arrived: float
    subject: str | None
    value: bytes


@dataclass(frozen=True)
class Shape:
    """What to generate."""

    hours: float = 6
    runs: int = 1000
    workers: int = 20
    twins: int = 0
    """Names under which two processes live for long at the same time."""
    witnessed: int = 0
    """Further runs, which have witnesses; most of them are of workers that do not wait."""
    foreign: float = 0.3
    """How many events of other kinds there are for each of ours."""
    flow_run_limit: float = 7 * DAY
    away: float = 300.0


@dataclass
class Log:
    """The events in order of arrival, and the lifecycles as they really were."""

    said: list[Said] = field(default_factory=list)
    lives: list[Life] = field(default_factory=list)

    @property
    def lines(self) -> Iterator[bytes]:
        return (said.value for said in self.said)

    def records(self, *, keyed: bool) -> Iterator[tuple[bytes | None, bytes]]:
        """Keys and values for Kafka; without a key, an event goes to any partition."""
        for _, subject, value in self.said:
            yield (subject.encode() if keyed and subject is not None else None), value


def last_events(partitions: int, after: float = 400) -> list[tuple[str, bytes]]:
    """An event for each partition, by its key, so many days after `BEGIN`, long after all others:
    its clock shows that their time is up."""
    events: dict[int, tuple[str, bytes]] = {}
    number = 0
    while len(events) < partitions:
        name = f"prefect.worker.process.last-{number}"
        when = BEGIN + after * DAY + number
        at = _moment(when)
        value = written(STARTED, uuid_of(random.Random(name)), at, worker_of(name), [], received=at)
        events.setdefault(partition_for(name.encode(), partitions), (name, value))
        number += 1
    return list(events.values())


def generate(seed: int, shape: Shape | None = None) -> Log:
    """The same seed and shape give the same log."""
    return World(seed, shape or Shape()).log


class World:
    """Makes lifecycles happen, and the events that report them."""

    def __init__(self, seed: int, shape: Shape) -> None:
        self.rng, self.shape, self.log = random.Random(seed), shape, Log()
        self.end = BEGIN + shape.hours * HOUR
        self.skews: dict[str, float] = {}
        self.due: dict[str, list[float]] = {}
        self.names = [f"prefect.worker.process.w-{number}" for number in range(shape.workers)]
        for name in self.names:
            self.skews[name] = self.rng.uniform(-1.5, 1.5)
            self._processes(name)
        for number in range(shape.twins):
            self._twins(f"prefect.worker.docker.twin-{number}")
        for _ in range(shape.runs):
            self._run()
        self._foreign()
        for _ in range(shape.witnessed):
            Witnessed(self).live()
        self.log.said.sort(key=lambda said: said.arrived)

    # Workers

    def _processes(self, name: str) -> None:
        """One after the other: stopped, killed, or replaced by one that starts before it stops."""
        rng, at = self.rng, BEGIN + self.rng.uniform(0, HOUR)
        life = self._starts(name, at)
        while life is not None:
            at = life.at + rng.choice(
                (rng.uniform(20 + OVERLAP, 280), rng.uniform(400, 2 * HOUR), rng.uniform(2 * HOUR, 2 * DAY))
            )
            match rng.randrange(4):
                case 0:  # stopped, and started again
                    life = self._starts(name, self._ends(life, at) + rng.uniform(1, HOUR))
                case 1:  # killed, and started again
                    life = self._starts(name, at + rng.uniform(1, 10 * MINUTE))
                case _:  # replaced
                    old, life = life, self._starts(name, at)
                    if life is not None:
                        self._ends(old, life.at + rng.uniform(5, OVERLAP), calm=False)

    def _twins(self, name: str) -> None:
        """Two processes that both outlive Prefect's 5 minutes: nobody can tell whose stop is whose."""
        at = BEGIN + self.rng.uniform(0, HOUR)
        lives = [self._starts(name, at), self._starts(name, at + self.rng.uniform(MINUTE, 20 * MINUTE))]
        for life in lives:
            at = self._ends(life, at + self.rng.uniform(50 * MINUTE, 2 * HOUR))

    def _starts(self, name: str, at: float) -> Life | None:
        at = self.calm(name, at)
        if at > self.end:
            return None
        life = Life(Kind.WORKER, name, name, self.id(), started=self.micro(at, name), at=at)
        self.log.lives.append(life)
        self.say(STARTED, life.start, at, name, name, of_worker())
        return life

    def _ends(self, life: Life | None, at: float, *, calm: bool = True) -> float:
        if life is None:
            return at
        name = life.subject
        at = self.calm(name, at) if calm else at
        if at > self.end:
            return at
        life.end, life.ended = self.id(), self.micro(at, name)
        life.follows = abs(life.ended - life.started) < TIGHT * 1e6
        follows = life.start if life.follows else None
        self.say(STOPPED, life.end, at, name, name, of_worker(), follows)
        return at

    # Runs

    def _run(self) -> None:
        rng, run = self.rng, self.id()
        at, worker = rng.uniform(BEGIN, self.end), rng.choice(self.names)
        match rng.choices(range(9), (60, 10, 4, 6, 5, 6, 2, 2, 2))[0]:
            case 0:
                self.executed(self.submitted(run, at, worker))
            case 1 | 2 as which:  # retried; suspended and resumed
                for _ in range(rng.choice((2, 3))):
                    at = self.executed(self.submitted(run, at, worker))
                    at += rng.choice((0.5, rng.uniform(5, 1000))) if which == 1 else rng.uniform(2, 5) * HOUR
                    worker = worker if rng.random() < 0.7 else rng.choice(self.names)
            case 3:  # its worker died, and it is submitted again
                self.submitted(run, at, worker)
                at += rng.uniform(20, 2 * HOUR)
                self.executed(self.submitted(run, at, worker if rng.random() < 0.5 else rng.choice(self.names)))
            case 4:  # no end
                self.submitted(run, at, worker)
            case 5:  # cancelled, once or twice, and perhaps submitted again
                life = self.submitted(run, at, worker)
                at = self.cancelled(run, life, at + self.length())
                if rng.random() < 0.2:
                    self.cancelled(run, life, at + 0.4, calm=False)
                if rng.random() < 0.8:
                    self.executed(life, at + rng.choice((0.009, -2.0, 1.0)))
                    if rng.random() < 0.3:
                        self.executed(self.submitted(run, at + 100, worker))
            case 6:  # served: no worker says anything
                at = self.cancelled(run, None, at)
                if rng.random() < 0.3:
                    self.executed(self.submitted(run, at + 20 * MINUTE, worker))
            case 7:  # its submit was lost in an outage
                life = Life(Kind.FLOW_RUN, run, worker, None)
                self.log.lives.append(life)
                self.executed(life, at)
            case _:  # a clock that was set between
                self.executed(self.submitted(run, at, worker), at - rng.uniform(0.01, 2))

    def length(self) -> float:
        rng = self.rng
        return rng.choice(
            (rng.uniform(15, 290), rng.uniform(15, 290), rng.uniform(310, HOUR), rng.uniform(1, 3) * HOUR)
        )

    def submitted(self, run: str, at: float, worker: str) -> Life | None:
        at = self.calm(run, at)
        if at > self.end:
            return None
        life = Life(Kind.FLOW_RUN, run, worker, self.id(), started=self.micro(at, worker), at=at)
        self.log.lives.append(life)
        self.say(SUBMITTED, life.start, at, run, worker, of_run(run))
        return life

    def executed(self, life: Life | None, at: float | None = None) -> float:
        """End its process, at a time or after some time; returns when."""
        if life is None:
            return self.end + 1
        at = self.calm(life.subject, life.at + self.length()) if at is None else at
        if at > self.end:
            return at
        life.end, life.ended = self.id(), self.micro(at, life.worker)
        life.follows = life.start is not None and abs(life.ended - life.started) < TIGHT * 1e6
        follows = life.start if life.follows else None
        exited = {"prefect.infrastructure.identifier": "host:1", "prefect.infrastructure.status-code": "0"}
        self.say(EXECUTED, life.end, at, life.subject, life.worker, of_run(life.subject, exited), follows)
        return at

    def cancelled(self, run: str, life: Life | None, at: float, *, calm: bool = True) -> float:
        at = self.calm(run, at) if calm else at
        if at > self.end or (life is not None and life.at > at):
            return at
        id_ = self.id()
        if life is None:
            self.log.lives.append(Life(Kind.FLOW_RUN, run, "", None, cancellation=id_))
        else:
            life.cancellation = life.cancellation or id_
        self.say(CANCELLED, id_, at, run, "prefect.runner.r", of_run(run))
        return at

    # Events

    def say(
        self,
        name: str,
        id_: str | None,
        at: float,
        subject: str,
        resource: str,
        related: list[dict[str, str]],
        follows: str | None = None,
        own: dict[str, str] | None = None,
    ) -> None:
        """Publish an event: mostly at once, sometimes seconds late as after an outage, sometimes twice."""
        rng = self.rng
        rules, occurred = Rules(), at + self.skews.get(resource, 0.0)
        for span in (rules.grace, rules.remember, rules.grace + rules.remember):
            self.due.setdefault(subject, []).append(at + span / 1e6)
        limit = self.shape.flow_run_limit
        self.due[subject] += [at + limit, at + limit + rules.remember / 1e6]
        arrived = at + rng.choice((rng.uniform(0.001, 0.05),) * 9 + (rng.uniform(0.05, 8.0),))
        own = own or (worker_of(resource) if resource.startswith("prefect.worker.") else runner_of(resource))
        received = _moment(arrived) if rng.random() < 0.9 else None
        value = written(name, str(id_), _moment(occurred), own, related, follows, received)
        self.log.said.append(Said(arrived, subject, value))
        if rng.random() < 0.03:
            self.log.said.append(Said(arrived + rng.uniform(0.001, 20), subject, value))

    def calm(self, subject: str, at: float) -> float:
        """The time, or the first after it that is away from everything that falls due."""
        due, away = self.due.get(subject, ()), self.shape.away
        while any(abs(at - one) < away for one in due):
            at += away / 2
        return at

    def _foreign(self) -> None:
        for _ in range(int(len(self.log.said) * self.shape.foreign)):
            at, run = self.rng.uniform(BEGIN, self.end), self.id()
            own = {"prefect.resource.id": f"prefect.flow-run.{run}", "prefect.state-type": "PENDING"}
            value = written("prefect.flow-run.Pending", self.id(), _moment(at), own, [], received=_moment(at))
            self.log.said.append(Said(at, run, value))

    def micro(self, at: float, who: str) -> int:
        return _moment(at + self.skews.get(who, 0.0))

    def id(self) -> str:
        return uuid_of(self.rng)


def _moment(at: float) -> int:
    return round(at * 1e6)
