"""Settings that change between two runs: deadlines already set stay, and no other span is affected."""

from correlator.event import Kind
from tests.core.scenes import Scene, at, end, rules, start, until

SHORT = rules(worker_limit=30 * 24 * 60)
"""The new rules; the limit was 90 days when the first events came."""


def after_a_change(*before):
    scene = Scene(Kind.WORKER).play(before)
    scene.rules = SHORT
    return scene


def test_what_ended_is_remembered_for_as_long_as_ever():
    """Rule A1."""
    scene = after_a_change(start("a", 0)).play([end("x", 2, "a"), until(32.1)])
    assert scene.versions == ["a..x completed follows"]
    assert scene.state is None


def test_a_start_that_was_overtaken_is_superseded_after_grace():
    """Rule O3."""
    scene = after_a_change(start("a", 0)).play([start("b", 1), until(16.1)])
    assert scene.versions == ["a.. superseded by b"]


def test_a_deadline_that_was_set_stays():
    day = 24 * 60
    scene = after_a_change(start("a", 0)).play([until(89 * day)])
    assert scene.open == ["a.. open"]
    scene.play([until(90 * day + 1)])
    assert scene.versions == ["a.. lost"]
    assert at(0) == scene.published[0].opening.occurred


def test_ends_stay_in_their_order_when_grace_changes():
    """Whether one came too late (rule M7) is told by its own grace; else a bisection would look in a list that is not
    sorted.
    """
    scene = Scene(Kind.FLOW_RUN, rules(grace=30))
    for id_, occurred, clock in (("p", 10, 30), ("q", 25, 31)):
        scene.let_in(end(id_, occurred).event, clock=at(clock), watermark=None)
    scene.rules = rules(grace=15)
    scene.let_in(end("r", 20).event, clock=at(32), watermark=None)
    assert scene.state is not None
    assert [known.event.id for known in scene.state.ends] == ["p", "r", "q"]
