"""The stage's decisions without Kafka: lines of events in, lifecycles out. All that is read is one partition, with one
clock: files are read one after the other, so are to be given in the order of time.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

from correlator import core, prefect
from correlator.core import Lifecycle

CHECKED = 8
"""Events of a subject after which its size is looked at: the stage's table bounds it, too, whenever a slice ends."""


class Replay:
    """What was read so far. ``fates`` counts what became of every line, ``invalid`` says what was wrong with some."""

    def __init__(self, rules: core.Rules, *, max_tags: int, wall_clock: Callable[[], int]) -> None:
        """``wall_clock``, in microseconds since 1970 UTC: events without ``received`` are taken to have arrived now."""
        self.fates: Counter[str] = Counter()
        self._rules, self._max_tags, self._wall_clock = rules, max_tags, wall_clock
        self._clock = core.PartitionClock(wall_clock())
        self._states: dict[bytes, core.SubjectState] = {}
        self._deadlines = core.Deadlines()

    def read(self, line: bytes) -> Iterator[Lifecycle]:
        """Decide a line, and what its clock makes due. Raises `prefect.InvalidEvent`."""
        try:
            decoded = prefect.decode(line, self._max_tags)
        except prefect.InvalidEvent:
            self.fates["invalid"] += 1
            raise
        if decoded is None:
            self.fates["ignored"] += 1
            return
        event, received = decoded
        wall = self._wall_clock()
        arrived = wall if received is None else received
        now = self._clock.observe(event.occurred, arrived, wall)
        clock = core.clock_without_one(event.occurred, arrived) if now is None else now
        key = event.subject.encode()
        decision = core.on_event(self._states.get(key), event, clock, now, self._rules)
        self.fates[decision.fate] += 1
        yield from self._decided(key, decision)
        if now is not None:
            yield from self.advance(now)

    def advance(self, watermark: int) -> Iterator[Lifecycle]:
        """Decide what is due at a low watermark."""
        while (key := self._deadlines.pop_due(watermark)) is not None:
            yield from self._decided(key, core.on_watermark(self._states[key], watermark, self._rules))

    def end(self) -> Iterator[Lifecycle]:
        """The input has ended: no end need wait any longer to see which of several starts is its own."""
        for key, state in list(self._states.items()):
            yield from self._decided(key, core.on_end_of_input(state, self._rules))

    def flush(self) -> Iterator[Lifecycle]:
        """End all that is open as if time had run out."""
        yield from self.advance(core.END_OF_TIME)

    def open(self) -> Iterable[Lifecycle]:
        """The lifecycles that have not ended."""
        return (lifecycle for state in self._states.values() for lifecycle in core.open_lifecycles(state, self._rules))

    def _decided(self, key: bytes, decision: core.Decision) -> Iterator[Lifecycle]:
        yield from decision.lifecycles
        state = decision.state
        if state is None:
            self._states.pop(key, None)
            self._deadlines.set(key, None)
        else:
            if len(state) % CHECKED == 0:
                _, evicted = core.encode_within(state, self._rules)
                yield from evicted
            self._states[key] = state
            self._deadlines.set(key, state.due)
