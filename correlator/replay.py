"""The stage's decisions without Kafka: lines of events go in, lifecycles come out. All input counts as one partition
with one clock, so files, which are read one after another, must be given in the order of time.
"""

from collections import Counter
from collections.abc import Callable, Iterator

from correlator import core, prefect
from correlator.core import Fate, Lifecycle
from correlator.moments import END_OF_TIME, Moment


class Replay:
    """The subjects of all lines read so far. ``fates`` counts what became of each line."""

    def __init__(self, rules: core.Rules, reading: prefect.Reading, *, wall_clock: Callable[[], Moment]) -> None:
        """``wall_clock``: its time counts as the arrival of an event without ``received``."""
        self.fates: Counter[Fate] = Counter()
        self.silent = self.unclaimed = 0
        """How many runs of detached workers had no witness, and how many witnesses found no submit."""
        self._rules, self._reading, self._wall_clock = rules, reading, wall_clock
        self._clock = core.PartitionClock(wall_clock())
        self._states: dict[bytes, core.SubjectState] = {}
        self._subjects = core.Subjects(self._states, rules)

    def read(self, line: bytes) -> Iterator[Lifecycle]:
        """Decide a line, and then what its clock makes due. Raises `prefect.InvalidEvent`."""
        try:
            said = prefect.decode(line, self._reading)
        except prefect.InvalidEvent:
            self.fates[Fate.INVALID] += 1
            raise
        if said is None:
            self.fates[Fate.IGNORED] += 1
            return
        wall = self._wall_clock()
        arrived = wall if said.received is None else said.received
        now = self._clock.observe(said.event.occurred, arrived, wall)
        decision = self._subjects.decide(
            said.subject.encode(), said.kind, said.event, said.details, arrived=arrived, clock=now
        )
        self.fates[decision.fate] += 1
        yield from self._decided(decision)
        if self._subjects.has_due:
            yield from self._due()

    def end(self) -> Iterator[Lifecycle]:
        """Decide the ends that still wait because they have several candidates: the input has ended (rule T8)."""
        for decision in self._subjects.end_of_input(list(self._states)):
            yield from self._decided(decision)

    def flush(self) -> Iterator[Lifecycle]:
        """End every open lifecycle as if time had run out."""
        return self._due(END_OF_TIME)

    def open(self) -> Iterator[Lifecycle]:
        """The lifecycles that are still open."""
        return (lifecycle for state in self._states.values() for lifecycle in core.open_lifecycles(state, self._rules))

    def _due(self, watermark: Moment | None = None) -> Iterator[Lifecycle]:
        for decision in self._subjects.due(watermark):
            yield from self._decided(decision)

    def _decided(self, decision: core.Decision) -> tuple[Lifecycle, ...]:
        self.silent += decision.silent
        self.unclaimed += decision.unclaimed
        return decision.lifecycles
