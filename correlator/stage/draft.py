"""A transaction in the making: what goes out with it, and what is counted when it is committed, not before."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple, Protocol

from correlator.core import Lifecycle
from correlator.engine import Changes, Message, Transaction
from correlator.event import Kind, Role


class Published(NamedTuple):
    """A record that is published."""

    lifecycle: Lifecycle
    arrived: int | None
    """When the event arrived that caused it, in microseconds since 1970 UTC; None where time did, or want of room."""


@dataclass(slots=True)
class Tally:
    """What a transaction counts."""

    stage: str
    events: Counter[tuple[tuple[Kind, Role] | None, str]] = field(default_factory=Counter)
    """Records of the input: what event each was, if one of ours, and its fate. Ticks are none."""
    dead_letters: Counter[str] = field(default_factory=Counter)
    """By the exception that was the reason."""
    published: list[Published] = field(default_factory=list)


class Counts(Protocol):
    """Where tallies go."""

    def add(self, tally: Tally) -> None:
        """Count what is committed."""


class Draft:
    """Messages and tally of the transaction in hand. `close` makes it one, and begins the next."""

    def __init__(self, stage: str, counts: Counts) -> None:
        self._stage, self._counts = stage, counts
        self.messages: list[Message] = []
        self.tally = Tally(stage)

    def dead_letter(self, letter: Message, reason: Exception) -> None:
        """Add what cannot be used."""
        self.messages.append(letter)
        self.tally.dead_letters[type(reason).__name__] += 1

    def reject(self, letter: Message, reason: Exception) -> None:
        """Add a record of the input that cannot be used."""
        self.tally.events[None, "dead-lettered"] += 1
        self.dead_letter(letter, reason)

    def publish(
        self,
        lifecycles: Iterable[Lifecycle],
        message: Callable[[Lifecycle], Message],
        event_id: str | None = None,
        arrived: int | None = None,
    ) -> None:
        """Add the records of what was decided: of an event, if one is named that arrived, and of what its clock made
        due.
        """
        for lifecycle in lifecycles:
            self.messages.append(message(lifecycle))
            self.tally.published.append(Published(lifecycle, arrived if lifecycle.cause == event_id else None))

    def close(self, changes: Changes, end: int) -> Transaction:
        """All of it as a transaction that goes up to ``end``."""
        transaction = Transaction(self.messages, changes, end, partial(self._counts.add, self.tally))
        self.messages, self.tally = [], Tally(self._stage)
        return transaction
