"""The fast paths (a lone start, the end that names it, starts at rest) decide like the general path: the same versions
in the same order, and the same bytes of state after every step, on random logs with time passing.
"""

from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from correlator import core
from correlator.core import Fate, encode, publication, subject
from correlator.core.publication import Occasion, settle
from correlator.event import Kind
from tests.core import test_truth
from tests.core.cases import CASES
from tests.core.lives import truths, witnessed
from tests.core.scenes import Scene
from tests.core.test_any_order import soups
from tests.core.test_truth import EXAMPLES, RULES, arrivals
from tests.core.truth import MINUTE, events_of

PROFILE = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def open_first(state, event, clock, rules):
    """The general path for a first start."""
    subject._add_start(state, state.details, event, clock, rules)
    watermark = clock - 1  # nothing of it can be due
    settled = settle(state, Occasion(seen=watermark, watermark=watermark, now=clock, event_id=event.id), rules)
    return subject._decision(state, Fate.OPENED, settled)


@contextmanager
def general_way():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subject, "open_first", open_first)
        patch.setattr(subject, "ends_the_only_one", lambda *_: False)
        patch.setattr(subject, "tells_of_the_only_one", lambda *_: False)
        patch.setattr(subject, "_only_opens", lambda *_: False)
        patch.setattr(publication, "_at_rest", lambda *_: None)
        yield


class Followed(Scene):
    """A scene that keeps every state as bytes."""

    def __init__(self, kind, rules):
        super().__init__(kind, rules)
        self.states: list[bytes | None] = []
        self.besides: list[tuple[int, int]] = []

    def _take(self, decision: core.Decision) -> None:
        super()._take(decision)
        self.states.append(None if self.state is None else encode(self.state))
        self.besides.append((decision.unclaimed, decision.silent))


def same_both_ways(run) -> Followed:
    short = run()
    with general_way():
        general = run()
    assert general.published == short.published
    assert general.fates == short.fates
    assert general.states == short.states
    assert general.besides == short.besides
    return short


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_on_every_case(case):
    same_both_ways(lambda: Followed(case.kind, case.rules).play(case.steps))


@pytest.mark.parametrize("kind", list(Kind))
@PROFILE
@given(data=st.data())
def test_on_what_is_true(kind, data):
    lives = data.draw(truths(kind) if kind is Kind.WORKER else truths(kind) | witnessed())
    events = events_of(lives, kind, RULES)
    partitions = data.draw(st.sampled_from([1, 1, 3]))
    arriving = data.draw(arrivals(events, partitions, data.draw(st.sampled_from([0, 30, 300])) * MINUTE // 60))

    def run() -> Followed:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(test_truth, "Scene", Followed)
            return test_truth.play(arriving, partitions, kind, RULES)

    same_both_ways(run)


@pytest.mark.parametrize("kind", list(Kind))
@PROFILE
@given(data=st.data())
def test_on_what_makes_no_sense(kind, data):
    said = data.draw(st.permutations(data.draw(soups(kind))))
    pauses = st.sampled_from([0, 0, 6, 16, 31, 200])
    ahead = st.sampled_from([0, 0, 2, 20])  # of the low watermark: the clock of the partition that an event comes by
    arriving = [(*it, data.draw(ahead) * MINUTE, data.draw(pauses) * MINUTE) for it in said]

    def run() -> Followed:
        scene, low = Followed(kind, RULES), 0
        for event, details, ahead, pause in arriving:
            low = max(low, event.occurred)
            scene.let_in(event, low + ahead, low, details)
            low += pause
            scene.pass_to(low)
        scene.pass_to(low + 10_000 * MINUTE)
        return scene

    assert same_both_ways(run).state is None
