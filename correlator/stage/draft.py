"""A transaction in the making: what goes out with it, and what is counted when it is committed, not before."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from correlator.core import Fate, Lifecycle
from correlator.engine import Changes, Message, Step
from correlator.moments import Moment
from correlator.stage.tally import Counts, Tally

FULL: Final = 4000
"""How many messages, or subjects that were decided, close a transaction: there may be a million ticks after a long
silence, or lifecycles that are due at once. What is only forgotten has no message.
"""


class Draft:
    """Messages and tally of the transaction in hand. `close` makes it one, and begins the next."""

    def __init__(self, stage: str, counts: Counts) -> None:
        """``stage`` is the name that its counts go by."""
        self._stage, self._counts = stage, counts
        self.messages: list[Message] = []
        self.tally = Tally(stage)
        self.ignored = 0
        """Records of the input that cannot concern us: most of it, often."""

    @property
    def is_full(self) -> bool:
        """Whether it should be closed."""
        return len(self.messages) >= FULL

    def dead_letter(self, letter: Message, reason: Exception) -> None:
        """Add what cannot be used."""
        self.messages.append(letter)
        self.tally.dead_letters[type(reason).__name__] += 1

    def reject(self, letter: Message, reason: Exception) -> None:
        """Add a record of the input that cannot be used."""
        self.tally.events[None, Fate.DEAD_LETTERED] += 1
        self.dead_letter(letter, reason)

    def publish(
        self,
        lifecycles: Iterable[Lifecycle],
        message: Callable[[Lifecycle], Message],
        event_id: str | None = None,
        arrived: Moment | None = None,
    ) -> None:
        """Add the records of what was decided: of an event, if one is named that arrived, and of what its clock made
        due.
        """
        for lifecycle in lifecycles:
            self.messages.append(message(lifecycle))
            self.tally.count(lifecycle, arrived if lifecycle.cause == event_id else None)

    def close(self, changes: Changes, end: int) -> Step:
        """All of it as a transaction that goes up to ``end``."""
        if self.ignored:
            self.tally.events[None, Fate.IGNORED] += self.ignored
        transaction = Step(self.messages, changes, end, partial(self._counts.add, self.tally))
        self.messages, self.tally, self.ignored = [], Tally(self._stage), 0
        return transaction
