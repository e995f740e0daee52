"""Witnesses that come late, or before others, or belong to others: found by `test_truth` and `test_invariants`, each
reduced to its shortest form.
"""

from correlator.core import Rules, Subjects
from correlator.event import Details, Exit, Kind, StateType
from tests.core.scenes import KUBERNETES, Scene, at, cancel, created, end, pod, running, start, state, submit, until

DONE, FAILED = Exit.SUCCEEDED, Exit.FAILED
LONG = "j" * 63


def test_a_start_that_is_open_stays_when_the_one_before_it_is_forgotten():
    # a──b    |          |     x        a is superseded at 16, and forgotten at 46
    subjects = Subjects({}, Rules())

    def say(said) -> list[str]:
        moment = at(said.occurred)
        decision = subjects.decide(b"w", Kind.WORKER, said.event, Details(), arrived=moment, clock=moment)
        return [x.outcome for x in decision.lifecycles]

    say(start("a", 0))
    say(start("b", 1))
    for minutes in (20, 60):
        subjects.clocks.observe(0, 1, at(minutes))
        list(subjects.due())
    assert say(end("x", 100)) == ["completed"]


def test_of_every_submit_that_nobody_speaks_of_it_is_told():
    """Rule W5."""
    scene = Scene().play([submit("a", 0), submit("b", 1), until(17)])
    assert scene.silent == 2


def test_witnesses_that_came_before_there_was_a_low_watermark_are_forgotten():
    """Rules W4 and T4."""
    scene = Scene()
    scene.let_in(state("S", 0).event, at(0), None)
    scene.play([until(15), until(15.1)])
    assert scene.state is None
    assert scene.unclaimed == 1


# a────S          |    b──T       T comes before b, and passes for a's terminal state meanwhile
# 0    21         36+  43 43:01
def test_a_state_that_came_before_its_submit_leaves_the_one_before_its_own():
    """Rules W3 and W6."""
    scene = Scene().play([submit("a", 0), state("S", 21), until(36.1), state("T", 43.01), submit("b", 43), until(60)])
    assert scene.records == {"a..S completed resource (S)", "b..T completed resource (T)"}


# a─c──S,P       b─d            P2         P2's Job is a's, which is forgotten
def test_a_pod_whose_submit_is_forgotten_does_not_end_the_next():
    """Rule W3."""
    first = [submit("a", 0), created("c", 0.01, "a", "one"), pod("P", 5, DONE, "one-x"), state("S", 5)]
    second = [submit("b", 40), created("d", 40.01, "b", "two")]
    scene = Scene().play([*first, *second, pod("P2", 60, FAILED, "one-y"), state("T", 200), until(216)])
    assert scene.records == {"a..P completed resource (c,S,P)", "b..T completed resource (d,T)"}
    assert scene.unclaimed == 1


def test_a_submit_takes_no_pod_before_it_whatever_its_job_is_called():
    """Rule W3: names of pods have no room for the end of a long one."""
    name = LONG[:58] + "x1y2z"
    first = [submit("a", 0), created("c", 0.01, "a", LONG), pod("P", 5, DONE, name), state("S", 5)]
    scene = Scene().play([*first, submit("b", 6), created("d", 6.01, "b", LONG), until(30)])
    assert scene.records == {"a..P completed resource (c,S,P)"}


# a──P1    |   p2                    x     P1 failed and was published, and p2 took its place
# 0  20    35+ 40                    100
REPLACED = [submit("a", 0), pod("P1", 20, FAILED), until(35.1), pod("p2", 40, name="job-2")]


def test_a_run_that_is_open_again_takes_its_worker_s_end():
    """Rules M2 and W2."""
    scene = Scene().play([*REPLACED, end("x", 100, worker=KUBERNETES), until(150)])
    assert scene.records == {"a..x completed resource"}


def test_a_run_that_is_open_again_can_be_cancelled():
    """Rules C1 and W2."""
    scene = Scene().play([*REPLACED, cancel("!", 100), until(130)])
    assert scene.records == {"a../! cancelled"}


def test_a_worker_s_word_after_the_flow_run_s_was_published():
    """Rules W2 and A1: cancelled in between, too."""
    said = [start("a", 0), state("S", 4), until(19.1), cancel("!", 19), running("r", 1), end("x", 18.9)]
    scene = Scene().play([*said, until(100)])
    assert scene.records == {"a..x/! cancelled resource (r,S)"}
    assert scene.state is None


def test_a_state_cancelled_that_moves_to_a_later_submit_cancels_that_alone():
    """Rules O2 and W3."""
    scene = Scene().play([submit("a", 0), pod("P", 5, DONE), state("S", 8, StateType.CANCELLED), submit("b", 7)])
    scene.play([until(60)])
    assert scene.records == {"a..P completed resource (P)", "b..S/S cancelled resource (S)"}
