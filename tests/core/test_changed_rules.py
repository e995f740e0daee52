"""Settings that change between two runs: deadlines that were set stay, and no other span is bent by it."""

from correlator.event import Kind
from tests.core.scenes import Scene, at, end, rules, start, until

SHORT = rules(worker_limit=30 * 24 * 60)
"""The limit was 90 days when the first events came."""


def after_a_change(*before):
    scene = Scene(Kind.WORKER).play(before)
    scene.rules = SHORT
    return scene


def test_what_ended_is_remembered_for_as_long_as_ever():
    scene = after_a_change(start("a", 0)).play([end("x", 2, "a"), until(32.1)])
    assert scene.versions == ["a..x completed follows"]
    assert scene.state is None


def test_a_start_that_was_overtaken_is_superseded_after_grace():
    scene = after_a_change(start("a", 0)).play([start("b", 1), until(16.1)])
    assert scene.versions == ["a.. superseded by b"]


def test_a_deadline_that_was_set_stays():
    day = 24 * 60
    scene = after_a_change(start("a", 0)).play([until(89 * day)])
    assert scene.open == ["a.. open"]
    scene.play([until(90 * day + 1)])
    assert scene.versions == ["a.. lost"]
    assert at(0) == scene.published[0].opening.occurred
