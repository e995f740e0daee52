"""Logs from a seed: histories of a few workers and flow runs, and the order in which their events came in.

Spans are taken from the rules that a log is decided by, often to the microsecond, so that bounds are met exactly.
A log is plain data, as `teller` reads it: see `Logs.next`.
"""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import orjson

from tests.same.oddities import NAMES, uuid_text
from tests.same.reading import Line, one_hop, two_hops
from tests.same.telling import Teller
from tests.same.witnesses import witness

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)

STARTED, STOPPED, SUBMITTED, EXECUTED, CANCELLED, CANCELLED_BY_WORKER = NAMES

_BUSY: Final = 0.0015
"""The share of logs that are a hundred times as long as the others."""

DEFAULTS: Final[dict[str, Any]] = {
    "tight_timing": 5 * MINUTE,
    "grace": 15 * MINUTE,
    "remember": 30 * MINUTE,
    "flow_run_limit": 7 * DAY,
    "worker_limit": 90 * DAY,
    "worker_names_shared": False,
    "max_starts": 1000,
    "max_waiting": 1000,
    "max_entry_bytes": 512 * 1024,
}
"""The default rules."""


class Said(NamedTuple):
    """An event that was sent: when it came in, its subject, when it occurred, and what it says."""

    arrived: int
    subject: str
    value: bytes | None
    occurred: int
    lane: int | None = None
    """The raw partition that it must come by; None for any."""


class Logs:
    """A source of logs. ``foreign``: a source of mutated events, a few of which every log contains."""

    def __init__(self, rng: random.Random, foreign: Callable[[], bytes | None]) -> None:
        self._rng, self._foreign = rng, foreign

    def next(self) -> dict[str, Any]:
        """Another: ``rules``, ``max_tags``, ``detached`` (types of workers), ``max_record`` (bytes), ``lines``, ``raw``
        and ``parts`` (partitions), ``hops``, ``most`` (messages or subjects that close a transaction), ``steps``: how
        the stage reads it (`reading`).
        """
        rng = self._rng
        rules = some_rules(rng)
        history = _History(rng, rules, self._foreign)
        said = history.said
        hops = 1 if rng.random() < 0.2 else 2
        parts, raw = rng.choice((1, 1, 2)), rng.choice((1, 2, 2, 3))
        lines = [self._line(it, raw) for it in said]
        return {
            "rules": rules,
            "max_tags": rng.choice((1, 2, 3, 1000, 1000)),
            "detached": rng.choice((("kubernetes", "ecs"), ("kubernetes", "ecs"), ("kubernetes", "ecs"), ("ecs",), ())),
            "max_record": rng.choice((1100, 900)) if rng.random() < 0.08 else 1 << 20,
            "lines": [tuple(line) for line in lines],
            "raw": raw,
            "parts": parts,
            "hops": hops,
            "most": rng.choice((1, 2, 4)) if rng.random() < 0.1 else 4000,
            "steps": one_hop(lines, parts, rng) if hops == 1 else two_hops(lines, raw, parts, rng),
        }

    def _line(self, said: Said, raw: int) -> Line:
        rng = self._rng
        key = (
            said.subject.encode()
            if rng.random() < 0.97
            else rng.choice((None, b"other", said.subject.upper().encode()))
        )
        wall = max(0, said.arrived + rng.choice((0, 0, 3000, SECOND)))
        by_subject = hash_of(said.subject) % raw
        partition = by_subject if rng.random() < 0.4 else rng.randrange(raw)
        if said.lane is not None:
            partition = said.lane % raw
        return Line(said.value, partition, key, max(0, said.arrived // 1000), rng.choice((0, 0, 0, 1)), wall)


def hash_of(text: str) -> int:
    """A hash of a text that is the same in every process."""
    return sum(text.encode()) * 31 + len(text)


def some_rules(rng: random.Random) -> dict[str, Any]:
    """The default rules, or others: short or empty spans, and sizes that are soon too small."""
    rules = dict(DEFAULTS)
    match rng.randrange(12):
        case 0 | 1 | 2:
            pass
        case 3 | 4:
            rules |= {"flow_run_limit": 2 * HOUR, "worker_limit": 3 * HOUR}
        case 5:
            rules |= {"grace": 5 * MINUTE, "remember": 3 * MINUTE, "flow_run_limit": 2 * HOUR, "worker_limit": HOUR}
        case 6:
            rules |= {"grace": 2 * MINUTE, "remember": HOUR, "flow_run_limit": 20 * MINUTE, "worker_limit": 10 * MINUTE}
        case 7:
            rules |= {"tight_timing": 0, "flow_run_limit": 2 * HOUR, "worker_limit": 2 * HOUR}
        case 8:
            rules |= {"tight_timing": MINUTE, "grace": SECOND, "remember": SECOND}
        case 9:
            rules |= {
                "grace": 40 * MINUTE,
                "remember": 10 * MINUTE,
                "flow_run_limit": 30 * MINUTE,
                "worker_limit": 1 * HOUR,
            }
        case 10:
            rules |= {"grace": 10 * HOUR, "remember": 2 * DAY}
        case _:
            rules |= {"tight_timing": 20 * MINUTE, "flow_run_limit": 3 * HOUR, "worker_limit": 4 * HOUR}
    if rng.random() < 0.25:
        rules["worker_names_shared"] = True
    if rng.random() < 0.2:
        rules["max_starts"] = rng.choice((1, 2, 3, 5, 9))
    if rng.random() < 0.2:
        rules["max_waiting"] = rng.choice((1, 2, 3, 5))
    if rng.random() < 0.12:
        rules["max_entry_bytes"] = rng.choice((900, 2000, 4000))
    return rules


class _History:
    """What happened, and the events about it."""

    def __init__(self, rng: random.Random, rules: dict[str, Any], foreign: Callable[[], bytes | None]) -> None:
        self._rng, self._rules, self._foreign = rng, rules, foreign
        self._teller = Teller(rng)
        self._calm = rng.random() < 0.3
        """Whether every event comes without delay."""
        self._faithful = rng.choice((1.0, 0.9, 0.5))
        """The share of runs that have to do with one worker only."""
        limits = (rules["flow_run_limit"], rules["worker_limit"])
        self._spans = [rules[name] for name in ("tight_timing", "grace", "remember", "grace")]
        self._spans += [rules["grace"] + rules["remember"], *limits, *(limit + rules["remember"] for limit in limits)]
        begin = rng.choice((1_704_067_200, 1_795_448_252)) * SECOND + rng.randrange(DAY)
        if rng.random() < 0.02:
            begin = rng.choice((0, 5, MINUTE, _LATEST - DAY, _LATEST - HOUR))
        self._begin = begin
        self._said: list[Said] = []
        self._workers = [
            f"prefect.worker.{rng.choice(('process', 'docker', 'kubernetes', 'kubernetes', 'ecs'))}.w-{number}"
            for number in range(rng.choice((1, 2, 3)))
        ]
        if rng.random() < _BUSY:
            rng.choice((self._busy, self._flood))()
        else:
            for _ in range(rng.choice((1, 1, 2, 3))):
                self._subject()
        self._pass_time()
        self.said = self._arriving()

    def _subject(self) -> None:
        rng = self._rng
        kind = rng.choice(("worker", "run", "run"))
        subject = rng.choice(self._workers) if kind == "worker" else uuid_text(rng)
        match rng.randrange(13):
            case 8:
                self._apart(kind, subject)
            case 9 | 10:
                self._grid(kind, subject)
            case 11 | 12:
                self._due(kind, subject)
            case 0 | 1 | 2:
                self._lives(kind, subject)
            case 3 | 4 | 5:
                self._soup(kind, subject)
            case 6:
                self._chain(kind, subject)
            case _:
                self._crowd(kind, subject)

    # What happens

    def _lives(self, kind: str, subject: str) -> None:
        """Realistic lives, one after another or overlapping."""
        rng, at = self._rng, self._begin + rng_span(self._rng, HOUR)
        for _ in range(rng.randrange(1, 9)):
            start = self._start(kind, subject, at) if rng.random() < 0.93 else None
            ends = at + self._span()
            if kind == "run" and rng.random() < 0.3:
                for _ in range(rng.choice((1, 1, 2))):
                    when = rng.choice((ends, at, at + self._span(), ends + self._near(self._rules["grace"])))
                    self._cancellation(subject, when)
            if kind == "run" and rng.random() < 0.5:
                for _ in range(rng.choice((1, 2, 3, 6))):
                    when = rng.choice((at, ends, ends, at + rng_span(rng, max(1, ends - at)), ends + self._span()))
                    self._witness(subject, when + rng.choice((0, 0, -SECOND, SECOND, MINUTE)))
            if rng.random() < 0.75:
                self._end(kind, subject, ends, start, at)
                if rng.random() < 0.05:  # said twice, under two ids
                    self._end(kind, subject, ends + self._near(0), start, at)
            at = rng.choice((ends, ends, at)) + rng.choice((self._span(), rng_span(rng, 2 * MINUTE)))

    def _soup(self, kind: str, subject: str) -> None:
        """Any events at any time, on a grid of the rules' spans."""
        rng, at = self._rng, self._begin
        starts: list[tuple[str, int]] = []
        for _ in range(rng.randrange(3, 26)):
            at += rng.choice((0, 0, self._near(self._rules["tight_timing"]), self._span(), rng_span(rng, MINUTE)))
            when = max(0, at - (self._span() if rng.random() < 0.15 else 0))
            roles = ("start", "end", "end", "cancellation", "witness", "witness") if kind == "run" else ("start", "end")
            role = rng.choice(roles)
            if role == "start":
                starts.append((self._start(kind, subject, when), when))
            elif role == "end":
                known = rng.choice(starts) if starts and rng.random() < 0.8 else None
                self._end(kind, subject, when, *(known or (None, when)))
            elif role == "cancellation":
                self._cancellation(subject, when)
            else:
                self._witness(subject, when)

    def _grid(self, kind: str, subject: str) -> None:
        """A few events, each so many of the rules' spans from the beginning or from another: so that what is due is due
        at the very moment at which something comes.
        """
        rng, rules = self._rng, self._rules
        self._calm = True
        limit = rules["flow_run_limit" if kind == "run" else "worker_limit"]
        spans = (
            rules["tight_timing"],
            rules["grace"],
            rules["grace"],
            rules["remember"],
            limit,
        )
        starts = [(self._start(kind, subject, self._begin), self._begin)]
        moments = [self._begin]
        for _ in range(rng.randrange(2, 10)):
            when = rng.choice(moments)
            for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 3))):
                when += rng.choice(spans) * rng.choice((1, 1, 1, 1, -1))
            when = max(0, when + rng.choice((0, 0, 0, 0, 1, -1)))
            moments.append(when)
            match rng.randrange(13):
                case 0 | 1 | 2:
                    starts.append((self._start(kind, subject, when), when))
                case 3 | 4 | 5:
                    known = rng.choice(starts)
                    self._end(kind, subject, when, *(known if rng.random() < 0.4 else (None, when)))
                case 6 | 7 if kind == "run":
                    self._cancellation(subject, when)
                case 8 | 9 | 10 if kind == "run":
                    self._witness(subject, when)
                case _:
                    self._other(when)
        if rng.random() < 0.3:  # as it comes, comes late, or early
            self._said = [
                it._replace(arrived=it.arrived + (rng.choice(spans) if rng.random() < 0.2 else 0)) for it in self._said
            ]

    def _due(self, kind: str, subject: str) -> None:
        """Some starts, and events that fall on the moment when time settles one of them, or when it is forgotten: by
        their date, or by their arrival with an earlier date.
        """
        rng, rules = self._rng, self._rules
        self._calm = True
        grace, remember = rules["grace"], rules["remember"]
        limit = rules["flow_run_limit" if kind == "run" else "worker_limit"]
        at, starts = self._begin, list[tuple[str, int]]()
        for _ in range(rng.choice((1, 1, 2, 2, 3))):
            starts.append((self._start(kind, subject, at), at))
            at += rng.choice((0, SECOND, rules["tight_timing"], grace // 3))
        lanes = rng.choice(((None,), (0, 1), (0, 0, 1), (0, 1, 2)))  # some partitions are ahead of others
        settles = rng.choice([*(began + grace for _, began in starts[1:]), *(began + limit for _, began in starts)])
        for _ in range(rng.randrange(1, 6)):
            when = settles + rng.choice((0, 0, remember, grace, remember + grace, rng_span(rng, grace)))
            when = max(self._begin, when + rng.choice((0, 0, 0, 1, -1)))
            happened = rng.choice((when, when, when - grace, self._begin + rng.choice((0, 1, SECOND)), starts[-1][1]))
            happened = max(self._begin, happened)
            first = len(self._said)
            match rng.randrange(7):
                case 0:
                    starts.append((self._start(kind, subject, happened), happened))
                case 1 | 2 if kind == "run":
                    self._cancellation(subject, happened)
                case 5 | 6 if kind == "run":
                    self._witness(subject, happened)
                case 4:
                    pass
                case _:
                    self._end(
                        kind, subject, happened, *(rng.choice(starts) if rng.random() < 0.3 else (None, happened))
                    )
            lane = rng.choice(lanes)
            self._said[first:] = [it._replace(arrived=when + 1, lane=lane) for it in self._said[first:]]
            self._other(when, lane)

    def _chain(self, kind: str, subject: str) -> None:
        """Rolling restarts: several are open at a time, and end in any order, named or not."""
        rng, at = self._rng, self._begin
        starts: list[tuple[str, int]] = []
        for _ in range(rng.randrange(2, 7)):
            starts.append((self._start(kind, subject, at), at))
            at += rng.choice((rng_span(rng, MINUTE), self._near(self._rules["tight_timing"] // 2), self._span()))
        at += self._near(self._rules["tight_timing"])
        if rng.random() < 0.5:
            rng.shuffle(starts)
        for start, began in starts:
            at += rng.choice((0, rng_span(rng, MINUTE), self._near(self._rules["tight_timing"]), self._span()))
            if rng.random() < 0.8:
                self._end(kind, subject, at, start, began)
            if kind == "run" and rng.random() < 0.2:
                self._cancellation(subject, at + self._near(self._rules["grace"]))

    def _apart(self, kind: str, subject: str) -> None:
        """A start that comes late, by a partition that is ahead of the one that its end comes by; and what comes when
        that is about to be forgotten.
        """
        rng, at = self._rng, self._begin + rng_span(self._rng, MINUTE)
        ahead = rng.choice((rng_span(rng, 10 * MINUTE), self._span(), self._rules["grace"], self._rules["remember"]))
        first = len(self._said)
        self._calm = True
        self._other(at + ahead, 0)
        start = self._start(kind, subject, at)
        ends = at + rng_span(rng, max(1, self._rules["tight_timing"]))
        self._end(kind, subject, ends, start, at)
        own = self._said[first + 1 :]
        late = at + ahead + 1
        self._said[first + 1 :] = [
            it._replace(arrived=late, lane=0) if it.occurred == at else it._replace(lane=1) for it in own
        ]
        for _ in range(rng.randrange(1, 5)):
            when = (
                rng.choice((at, ends, late)) + self._rules["remember"] + rng.choice((0, 1, -1, rng_span(rng, MINUTE)))
            )
            when += rng.choice((0, -1, 1)) * rng.choice((0, ahead, ahead // 2))
            when = max(at, when)
            self._other(when, 1)
            if kind == "run" and rng.random() < 0.3:
                self._cancellation(subject, rng.choice((when, ends)))
            elif own:
                self._said.append(rng.choice(own)._replace(arrived=when + 1, lane=rng.choice((0, 1, 1, None))))
        self._other(late + 2 * self._rules["remember"], 0)

    def _crowd(self, kind: str, subject: str) -> None:
        """More events of one role, and then of another, than there is room for."""
        rng, at = self._rng, self._begin
        starts: list[tuple[str, int]] = []
        roles = ("start", "end", "cancellation", "witness") if kind == "run" else ("start", "end")
        for role in rng.choices(roles, k=rng.choice((1, 2, 3, 4))):
            for _ in range(rng.choice((3, 6, 12, 24))):
                at += rng.choice((0, 1, SECOND, rng_span(rng, MINUTE)))
                if role == "start":
                    starts.append((self._start(kind, subject, at), at))
                elif role == "end":
                    known = rng.choice(starts) if starts and rng.random() < 0.5 else None
                    self._end(kind, subject, at, *(known or (None, at)))
                elif role == "cancellation":
                    self._cancellation(subject, at)
                else:
                    self._witness(subject, at)
            at += rng.choice((0, self._span()))

    def _busy(self) -> None:
        """A day on which a thousand runs come and go."""
        rng, at = self._rng, self._begin
        self._calm, self._faithful = True, 1.0
        for _ in range(rng.randrange(1300, 1700)):
            run = uuid_text(rng)
            start, ends = self._start("run", run, at), at + rng_span(rng, 4 * MINUTE)
            if rng.random() < 0.98:
                self._end("run", run, ends, start, at)
            at += rng_span(rng, MINUTE)

    def _flood(self) -> None:
        """More starts of one subject than there is room for, and some ends."""
        rng, at = self._rng, self._begin
        self._calm = True
        for _ in range(rng.randrange(1000, 1100)):
            at += rng_span(rng, SECOND // 2)
            self._start("worker", self._workers[0], at)
        at += rng.choice((MINUTE, self._rules["tight_timing"], HOUR))
        for _ in range(rng.randrange(0, 60)):
            at += rng_span(rng, SECOND)
            self._end("worker", self._workers[0], at, None, at)

    def _span(self) -> int:
        """One of the rules' spans, something near it, or any span."""
        rng = self._rng
        if rng.random() < 0.5:
            weights = (6, 5, 4, 2, 2, 1, 1, 1, 1)
            span: int = rng.choices(self._spans, weights)[0]
            return max(0, span + rng.choice((0, 0, -1, 1, SECOND, -SECOND)))
        return rng_span(rng, rng.choice((MINUTE, 4 * MINUTE, 10 * MINUTE, HOUR, 6 * HOUR)))

    def _near(self, span: int) -> int:
        """A span near the given one, on either side."""
        return int(span) + self._rng.choice((0, -1, 1, -SECOND, SECOND, rng_span(self._rng, MINUTE)))

    # The events about it

    def _start(self, kind: str, subject: str, at: int) -> str:
        id_ = uuid_text(self._rng)
        self._say(STARTED if kind == "worker" else SUBMITTED, id_, subject, at, None)
        return id_

    def _end(self, kind: str, subject: str, at: int, start: str | None, began: int) -> None:
        """An end, with ``follows`` as Prefect sets it, stripped, set where it should not be, or naming an unknown
        event.
        """
        rng = self._rng
        if rng.random() < 0.06:
            at = max(0, began - rng_span(rng, 3 * SECOND))  # by a clock that runs behind
        follows = start if abs(at - began) < self._rules["tight_timing"] else None
        chance = rng.random()
        if chance < 0.12:
            follows = None
        elif chance < 0.2:
            follows = start
        elif chance < 0.23:
            follows = uuid_text(rng)
        self._say(STOPPED if kind == "worker" else EXECUTED, uuid_text(rng), subject, at, follows)

    def _cancellation(self, subject: str, at: int) -> None:
        name = CANCELLED if self._rng.random() < 0.7 else CANCELLED_BY_WORKER
        self._say(name, uuid_text(self._rng), subject, at, None)

    def _witness(self, subject: str, at: int) -> None:
        """A pod, a task, or the flow run itself."""
        told = witness(self._rng, subject)
        self._tell(told, subject, min(max(0, at), _LATEST))

    def _say(self, name: str, id_: str, subject: str, at: int, follows: str | None) -> None:
        rng = self._rng
        occurred = min(max(0, at), _LATEST)
        worker = self._workers[0] if rng.random() < self._faithful else rng.choice(self._workers)
        told = self._teller.event(name, subject, worker)
        told |= {"id": id_}
        if follows is not None or rng.random() < 0.9:
            told["follows"] = follows
        self._tell(told, subject, occurred)

    def _tell(self, told: dict[str, Any], subject: str, occurred: int) -> None:
        """Let an event arrive, at once or late, perhaps again."""
        rng = self._rng
        arrived = occurred + self._delay()
        told["occurred"] = _written(occurred)
        chance = rng.random()
        if chance < 0.8:
            told["received"] = _written(min(max(0, arrived), _LATEST))
        elif chance < 0.84:
            told["received"] = rng.choice(
                (None, "soon", _written(min(max(0, arrived - 6 * MINUTE), _LATEST)), _written(occurred))
            )
        value = orjson.dumps(told)
        self._said.append(Said(arrived, subject, value, occurred))
        while rng.random() < 0.07:
            again = arrived + rng.choice((0, 1, rng_span(rng, MINUTE), self._span(), self._span() + self._span()))
            self._said.append(Said(again, subject, value, occurred))

    def _delay(self) -> int:
        """The delay from occurrence to arrival; negative if a clock is ahead."""
        rng, chance = self._rng, self._rng.random()
        if self._calm or chance < 0.6:
            return 0
        if chance < 0.85:
            return rng_span(rng, 2 * SECOND)
        if chance < 0.95:
            return self._span()
        if chance < 0.98:
            return self._span() + self._span()
        return -rng.choice((SECOND, 5 * MINUTE, 5 * MINUTE + 1, 10 * MINUTE))

    def _pass_time(self) -> None:
        """Events of other subjects now and then, and at the end, so that time passes, often to the exact
        microsecond.
        """
        rng = self._rng
        if not self._said:
            self._other(self._begin)
        moments = [said.occurred for said in self._said]
        for _ in range(rng.choice((0, 2, 6, 14))):
            at = rng.choice(moments) + self._span() + rng.choice((0, 1, 0, self._span()))
            self._other(at)
        if rng.random() < 0.75:
            self._other(max(moments) + sum(self._spans) * 2)

    def _other(self, at: int, lane: int | None = None) -> None:
        at = min(at, _LATEST)
        run = self._rng.random() < 0.2
        subject = uuid_text(self._rng) if run else f"prefect.worker.other.o-{self._rng.randrange(40)}"
        told = self._teller.event(CANCELLED if run else self._rng.choice(NAMES[:2]), subject, self._workers[0])
        told |= {"id": uuid_text(self._rng), "occurred": _written(at), "received": _written(at)}
        self._said.append(Said(at, subject, orjson.dumps(told), at, lane))

    def _arriving(self) -> list[Said]:
        """The events in roughly the order in which they came in, with foreign ones among them."""
        rng = self._rng
        said = sorted(self._said, key=lambda it: it.arrived)
        if rng.random() < 0.15:
            for _ in range(rng.randrange(1, 6)):
                one, other = rng.randrange(len(said)), rng.randrange(len(said))
                said[one], said[other] = said[other], said[one]
        if rng.random() < 0.03:
            rng.shuffle(said)
        for _ in range(len(said) // 12 + rng.randrange(2)):
            place = rng.randrange(len(said) + 1)
            near = said[min(place, len(said) - 1)]
            said.insert(place, near._replace(value=self._foreign()))
        return said


def rng_span(rng: random.Random, most: int) -> int:
    """A span of some microseconds."""
    return rng.randrange(most)


def _written(at: int) -> str:
    return (_EPOCH + timedelta(microseconds=at)).isoformat()
