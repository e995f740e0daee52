"""Judges a kept session."""

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
    """A session of any kind, with the time it took."""

    @property
    def seconds(self) -> float:
        """How long the session took."""


class Judgement(Protocol):
    """The judgement of a session of any kind."""

    @property
    def done(self) -> Timed:
        """The session."""

    @property
    def events(self) -> int:
        """How many events there were."""

    @property
    def rows(self) -> Sequence[Verdict]:
        """The verdict on each thing done."""

    @property
    def orders(self) -> Mapping[str, int]:
        """By order of reading the events, how many records differ from those of the original order."""


def is_good(judged: Judgement) -> bool:
    """Whether every record says what was done, whatever the order of the events."""
    return not any(row.wrong for row in judged.rows) and not any(judged.orders.values())


class Judged(Struct, frozen=True):
    """The judgement of a session."""

    done: Done
    events: int
    facts: Facts
    rows: list[Row]
    orders: dict[str, int]
    """By order of reading the events, how many records differ from those of the original order."""


def judge(file: Path) -> Judged:
    """Replay a session's events, and compare the records. Raises `Unreadable` and `Failed`."""
    lines, done = kept(file, Done)
    first, orders = in_every_order(lines)
    return Judged(done, len(lines), facts(lines, done), compare(done, first.values()), orders)


def in_every_order(lines: Lines) -> tuple[dict[str, Record], dict[str, int]]:
    """The records of events in their original order, and how many differ in each other order. Raises `Failed`."""
    by_order = {name: records(order(lines)) for name, order in ORDERS.items()}
    first, *_ = by_order.values()
    return first, {name: differing(first, others) for name, others in by_order.items() if others is not first}


def differing(some: dict[str, Record], others: dict[str, Record]) -> int:
    """How many records differ between the two."""
    return sum(some.get(id_) != others.get(id_) for id_ in some.keys() | others.keys())
