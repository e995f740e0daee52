"""The stage's decisions without Kafka: lines of events in, lifecycles out. All that is read is one partition, with one
clock: files are read one after the other, so are to be given in the order of time.
"""

from collections import Counter
from collections.abc import Callable, Iterator

from correlator import core, prefect
from correlator.core import Fate, Lifecycle
from correlator.moments import END_OF_TIME, Moment


class Replay:
    """What was read so far. ``fates`` counts what became of every line."""

    def __init__(self, rules: core.Rules, reading: prefect.Reading, *, wall_clock: Callable[[], Moment]) -> None:
        """``wall_clock``: events without ``received`` are taken to have arrived now."""
        self.fates: Counter[Fate] = Counter()
        self.silent = self.unclaimed = 0
        """Runs of workers that do not wait of which no witness spoke, and witnesses that found no submit."""
        self._rules, self._reading, self._wall_clock = rules, reading, wall_clock
        self._clock = core.PartitionClock(wall_clock())
        self._states: dict[bytes, core.SubjectState] = {}
        self._subjects = core.Subjects(self._states, rules)

    def read(self, line: bytes) -> Iterator[Lifecycle]:
        """Decide a line, and what its clock makes due. Raises `prefect.InvalidEvent`."""
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
        """The input has ended: no end need wait any longer to see which of several starts is its own (rule T8)."""
        for decision in self._subjects.end_of_input(list(self._states)):
            yield from self._decided(decision)

    def flush(self) -> Iterator[Lifecycle]:
        """End all that is open as if time had run out."""
        return self._due(END_OF_TIME)

    def open(self) -> Iterator[Lifecycle]:
        """The lifecycles that have not ended."""
        return (lifecycle for state in self._states.values() for lifecycle in core.open_lifecycles(state, self._rules))

    def _due(self, watermark: Moment | None = None) -> Iterator[Lifecycle]:
        for decision in self._subjects.due(watermark):
            yield from self._decided(decision)

    def _decided(self, decision: core.Decision) -> tuple[Lifecycle, ...]:
        self.silent += decision.silent
        self.unclaimed += decision.unclaimed
        return decision.lifecycles
