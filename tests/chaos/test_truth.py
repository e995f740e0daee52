"""The truth, without a broker: the same each time, and what the core decides, whatever is held up on its way."""

from collections import Counter
from collections.abc import Iterator

import orjson
import pytest

from chaos.plots import PLOTS, TIGHT_TIMING, Expected
from chaos.published import record
from chaos.truth import GRACE, REMEMBER, SECOND, Said, Truth
from chaos.verdict import Verdict
from correlator import prefect, records
from correlator.core import Rules
from correlator.replay import Replay
from tests.prefect.events import READING

BEGIN = 1_800_000_000 * SECOND
STEP = SECOND // 20
RULES = Rules(tight_timing=round(TIGHT_TIMING * SECOND), grace=GRACE, remember=REMEMBER)


class World:
    """A truth that is told ticks, and whose every word is written ``delay`` later."""

    def __init__(self, seed: int, delay: int = 0) -> None:
        self.truth, self.said, self.now = Truth(seed), list[Said](), BEGIN
        self._delay, self._under_way = delay, list[tuple[int, Said]]()

    def live(self, seconds: float, count: int = 3) -> "World":
        for _ in range(round(seconds * SECOND / STEP)):
            self._tell(self.truth.say(self.now, count))
            self.now += STEP
            self._hear()
        return self

    def end(self, partitions: int = 4) -> "World":
        while self.truth.has_more or self._under_way:
            self.live(1, count=0)
        self._tell(self.truth.closing(partitions, self.now))
        self.now += self._delay
        self._hear()
        return self

    def _tell(self, several: Iterator[Said] | list[Said]) -> None:
        for said in several:
            self.said.append(said)
            self._under_way.append((self.now + self._delay, said))

    def _hear(self) -> None:
        written = [said for when, said in self._under_way if when <= self.now]
        self._under_way = [(when, said) for when, said in self._under_way if when > self.now]
        for said in written:
            self.truth.heard(said, self.now)


def published(world: World) -> tuple[Verdict, set[bytes]]:
    """What the core makes of a world, and the subjects that it still knows of."""
    replay, verdict = Replay(RULES, READING, wall_clock=lambda: world.now), Verdict()
    for said in world.said:
        for lifecycle in replay.read(said.value):
            verdict.get(*record(records.render(lifecycle, "test").value))
    return verdict, {lifecycle.subject.encode() for lifecycle in replay.open()}


def test_the_same_seed_says_the_same():
    one, again, other = ([said[:2] for said in World(seed).live(20).end().said] for seed in (1, 1, 2))
    assert one == again != other


@pytest.mark.parametrize("delay", [0, 40 * SECOND], ids=["at once", "40 s late"])
def test_the_core_agrees(delay: int):
    world = World(3, delay).live(60).end()
    expected = list(world.truth.decided(at_the_end=True))
    verdict, remembered = published(world)
    verdict.expect(expected)
    assert verdict.judge(at_the_end=True).is_good
    assert remembered == world.truth.open
    assert {one.what[0] for one in expected} == {"completed", "cancelled", "superseded", "unmatched"}


def test_every_plot_is_led_and_some_events_are_said_twice():
    world = World(4).live(60).end()
    led = {said.life.plot.name for said in world.said if said.life is not None}
    assert led >= {plot.name for plot in PLOTS}
    assert max(Counter(orjson.loads(said.value)["id"] for said in world.said).values()) == 2


def test_a_life_goes_on_only_when_what_was_said_of_it_is_written():
    truth = Truth(5)
    born = list(truth.say(BEGIN, 200))
    assert not truth.has_more
    assert list(truth.say(BEGIN + 60 * SECOND, 0)) == []
    for said in born:
        truth.heard(said, BEGIN + 60 * SECOND)
    assert truth.has_more


def test_what_waits_for_a_deadline_is_asked_for_when_that_has_passed():
    def waiting(several: list[Expected]) -> int:
        return sum(one.what[0] in {"superseded", "unmatched"} for one in several)

    world = World(6).live(100)
    assert waiting(list(world.truth.decided())) == 0
    world.live(60)
    assert waiting(list(world.truth.decided())) > 0


def test_a_steady_rate():
    said = World(7).live(60).said
    assert 0.95 < len(said) / (3 * 60 * SECOND / STEP) < 1.05


def test_an_invalid_event_has_its_letter():
    truth = Truth(8)
    for fits in (True, False):
        said, letter = truth.invalid(100, fits=fits)
        assert repr(said.key) in letter.id
        assert letter.what == (fits,)
        assert len(said.value) >= 100
        with pytest.raises(prefect.InvalidEvent):
            prefect.decode(said.value, READING)
