"""A kept session, judged."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from sessions.comparing import Row, Verdict, compare
from sessions.deeds import Done
from sessions.facts import Facts, facts
from sessions.kept import kept
from sessions.replaying import ORDERS, Lines, Record, records


class Timed(Protocol):
    """What was done in a session, of whatever workers."""

    @property
    def seconds(self) -> float:
        """How long it took."""


class Judgement(Protocol):
    """What came of one."""

    @property
    def done(self) -> Timed:
        """What was done."""

    @property
    def events(self) -> int:
        """How many there were."""

    @property
    def rows(self) -> Sequence[Verdict]:
        """What the records say, thing by thing."""

    @property
    def orders(self) -> Mapping[str, int]:
        """How many records are others where the events are read in another order."""


def is_good(judged: Judgement) -> bool:
    """Whether every record says what was done, in any order of the events."""
    return not any(row.wrong for row in judged.rows) and not any(judged.orders.values())


class Judged(Struct, frozen=True):
    """What came of a session."""

    done: Done
    events: int
    facts: Facts
    rows: list[Row]
    orders: dict[str, int]
    """How many records are others where the events are read in another order."""


def judge(file: Path) -> Judged:
    """Replay a session's events, and compare. Raises `Unreadable` and `Failed`."""
    lines, done = kept(file, Done)
    first, orders = in_every_order(lines)
    return Judged(done, len(lines), facts(lines, done), compare(done, first.values()), orders)


def in_every_order(lines: Lines) -> tuple[dict[str, Record], dict[str, int]]:
    """The records of events in their order, and how many are others in each other one. Raises `Failed`."""
    by_order = {name: records(order(lines)) for name, order in ORDERS.items()}
    first, *_ = by_order.values()
    return first, {name: differing(first, others) for name, others in by_order.items() if others is not first}


def differing(some: dict[str, Record], others: dict[str, Record]) -> int:
    """How many records are not the same in both."""
    return sum(some.get(id_) != others.get(id_) for id_ in some.keys() | others.keys())
