"""A draft of a step: its messages, and the tally that is counted once the step is committed."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from correlator.core import Fate, Lifecycle
from correlator.engine import Changes, Message, Step
from correlator.moments import Moment
from correlator.stage.tally import Counts, Tally

FULL: Final = 4000
"""A draft with so many messages, or so many decided subjects, is closed: after a long silence, a million ticks or due
lifecycles may come at once. Subjects count because one that is only forgotten has no message.
"""


class Draft:
    """Messages and tally of the step in the making. `close` makes the step, and begins the next draft."""

    def __init__(self, stage: str, counts: Counts) -> None:
        """``stage``: the stage's name in the metrics."""
        self._stage, self._counts = stage, counts
        self.messages: list[Message] = []
        self.tally = Tally(stage)
        self.ignored = 0
        """How many records of the input do not concern us; often most of them."""

    @property
    def is_full(self) -> bool:
        """Whether the draft has enough messages to be closed."""
        return len(self.messages) >= FULL

    def dead_letter(self, letter: Message, reason: Exception) -> None:
        """Add a dead letter."""
        self.messages.append(letter)
        self.tally.dead_letters[type(reason).__name__] += 1

    def reject(self, letter: Message, reason: Exception) -> None:
        """Add the dead letter of a record of the input."""
        self.tally.events[None, Fate.DEAD_LETTERED] += 1
        self.dead_letter(letter, reason)

    def publish(
        self,
        lifecycles: Iterable[Lifecycle],
        message: Callable[[Lifecycle], Message],
        event_id: str | None = None,
        arrived: Moment | None = None,
    ) -> None:
        """Add the records of decided lifecycles. ``event_id`` and ``arrived``: the event that was decided, if any, and
        when it arrived; records that another event or time caused count without a delay.
        """
        for lifecycle in lifecycles:
            self.messages.append(message(lifecycle))
            self.tally.count(lifecycle, arrived if lifecycle.cause == event_id else None)

    def close(self, changes: Changes, end: int) -> Step:
        """The step of everything that was added, up to the input's offset ``end``. A new draft begins."""
        if self.ignored:
            self.tally.events[None, Fate.IGNORED] += self.ignored
        step = Step(self.messages, changes, end, partial(self._counts.add, self.tally))
        self.messages, self.tally, self.ignored = [], Tally(self._stage), 0
        return step
