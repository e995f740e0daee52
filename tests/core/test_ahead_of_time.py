"""Events dated ahead of the clock that they come by: their machine's clock is wrong (rule T2)."""

from correlator.event import Kind
from tests.core.scenes import Scene, at, end, start, until


def test_an_end_whose_guess_another_took_is_decided_again_with_that_one():
    # a────────────b──────────────y      x      |     y comes at 61, dated 80, and takes b at 76, when it has waited
    # 0            60             (80)   77     82+   for grace; x occurred before it, so takes b: a is left for y
    scene = Scene(Kind.FLOW_RUN).play([start("a", 0), start("b", 60)])
    scene.let_in(end("y", 80).event, clock=at(61), watermark=at(61))
    scene.play([until(76.1)])
    assert scene.versions == ["a.. superseded by b", "b..y completed resource ambiguous"]
    scene.play([end("x", 77), until(90)])
    assert scene.records == {"b..x completed resource ambiguous", "a..y completed resource ambiguous"}
    scene.play([until(200), until(300)])
    assert scene.records == {"b..x completed resource ambiguous", "a..y completed resource ambiguous"}
    assert scene.state is None
