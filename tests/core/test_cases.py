"""Every case of `tests/core/cases` in its order, and decisions by time alone. ``-k M4`` runs the cases of rule M4."""

import pytest
from msgspec.structs import replace

from correlator.event import Details, Infrastructure, Kind, Runner
from correlator.moments import END_OF_TIME
from tests.core.cases import CASES
from tests.core.scenes import Scene, at, cancel, end, identity, rules, start, until

RUN = Kind.FLOW_RUN


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case):
    scene = Scene(case.kind, case.rules).play(case.steps)
    assert scene.versions == case.published
    assert scene.open == list(case.open)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_everything_is_published_and_forgotten_in_the_end(case):
    scene = Scene(case.kind, case.rules).play([*case.steps, until(200 * 1440), until(201 * 1440)])
    assert scene.state is None
    assert len(scene.published) >= len(case.published)


def test_without_a_low_watermark_nothing_is_due():
    """Rule T4."""
    scene = Scene()
    for said in (start("a", 0), start("b", 1), end("x", 7), end("y", 4, "b"), cancel("!", 3000)):
        scene.let_in(said.event, at(said.occurred), None)
    # b is y's, so x has one candidate; and the cancellation waits
    assert scene.versions == ["a..x completed resource", "b..y completed follows"]


def test_a_lagging_partition_expires_nothing_whose_end_it_still_holds():
    """Rule T4."""
    scene = Scene()
    scene.let_in(start("a", 0).event, at(0), at(0))
    scene.let_in(start("b", 500).event, at(500), at(0))
    scene.pass_to(at(2))
    scene.let_in(end("x", 3, "a").event, at(3), at(3))
    assert scene.versions == ["a..x completed follows"]


def test_at_the_end_of_the_input_an_end_with_several_candidates_waits_no_longer():
    """Rule T8."""
    scene = Scene().play([start("a", 0), start("b", 1), end("x", 7)])
    assert scene.published == []
    scene.end_input()
    assert scene.versions == ["b..x completed resource ambiguous"]
    assert scene.open == ["a.. open"]


def test_nothing_else_is_due_at_the_end_of_the_input():
    """Rule T8."""
    scene = Scene().play([start("a", 0), end("x", 1), cancel("!", 9)])
    scene.end_input()
    assert scene.published == []
    scene.pass_to(END_OF_TIME)
    assert scene.versions == ["..x unmatched", "a../! cancelled"]


def test_the_end_of_the_input_is_no_end_of_what_is_remembered():
    """Rule T8."""
    scene = Scene().play([start("a", 0), start("b", 1), end("x", 7), end("y", 3, "b"), until(20)])
    before = scene.records
    scene.end_input()
    scene.end_input()
    assert scene.records == before


def test_every_event_has_one_fate():
    scene = Scene().play([start("a", 0), end("x", 1, "a"), end("x", 1, "a"), end("y", 2), cancel("!", 60)])
    assert scene.fates == ["opened", "decided", "duplicate", "waiting", "waiting"]


def test_a_truncated_event_truncates_its_record():
    """Rules B4 and B5."""
    scene = Scene().play([start("a", 0)._replace(truncated=True), end("x", 1, "a"), start("b", 2), end("y", 3, "b")])
    assert scene.versions == ["a..x completed follows truncated", "b..y completed follows"]


def test_an_amendment_is_published_whole():
    """Rules S2, S4 and A3."""
    scene = Scene()
    runner, ran = Runner("r", None, None), Infrastructure("job", 0)
    scene.say(start("a", 0).event, Details(tags=("t",)))
    scene.say(replace(end("x", 1, "a").event, infrastructure=ran), Details("name"))
    scene.say(cancel("!", 1.01).event, Details(runner=runner, tags=("other",)))
    first, amended = scene.published
    assert (first.details, first.infrastructure) == (Details("name", tags=("t",)), ran)
    assert (amended.details, amended.infrastructure) == (Details("name", runner=runner, tags=("t",)), ran)


def test_a_version_that_an_event_brought_back_is_caused_by_the_event():
    """Rule S2."""
    # a is lost; x, late, amends it; and b, later still, takes x from a: which is lost again, by another cause
    steps = [start("a", 0), until(61), end("x", 8), start("b", 2)]
    scene = Scene(rules_=rules(flow_run_limit=60)).play(steps)
    of_a = [(lifecycle.outcome, lifecycle.cause) for lifecycle in scene.published if identity(lifecycle) == "a"]
    assert of_a == [("lost", "lost:a"), ("completed", "x"), ("lost", "b")]


def test_what_is_cancelled_by_time_twice_has_two_causes():
    # s is cancelled by c at 16.7, then met by x and d; t, late, takes x and c; at 32, by d, s is cancelled again
    steps = [start("s", 0), cancel("c", 1.7), until(17), end("x", 6.8), cancel("d", 0), start("t", 1.7), until(60)]
    of_s = [lifecycle for lifecycle in Scene().play(steps).published if identity(lifecycle) == "s"]
    assert [lifecycle.cause for lifecycle in of_s] == ["cancelled:c", "x", "d", "cancelled:d"]
