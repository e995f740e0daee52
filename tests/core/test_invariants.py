"""Invariants after every step, whatever comes and however late: any events, in any order, with any ``follows``."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from correlator.core import Fate
from correlator.event import Exit, Kind, Phase, Role, State, StateType
from tests.core.cases import CASES
from tests.core.scenes import Passed, Said, Scene, Step, at, identity, until
from tests.core.test_truth import EXAMPLES
from tests.core.truth import RULES
from tests.core.watched import WITNESSES, Watched

DAY = 24 * 60
MINUTES = st.integers(0, 24).map(lambda n: n * 1.7) | st.integers(0, 200)


ROLES = {
    Kind.FLOW_RUN: [Role.START, Role.START, Role.END, Role.END, Role.CANCELLATION, *WITNESSES.values()],
    Kind.WORKER: [Role.START, Role.END],
}
NAMES = ["job-1", "job-2", "other-1", None]


def said(kind: Kind) -> st.SearchStrategy[Said]:
    return st.builds(
        _said,
        st.sampled_from(ROLES[kind]),
        st.integers(0, 5),
        MINUTES,
        st.none() | st.integers(0, 6),
        st.sampled_from(["w1", "w1", "w2"]) if kind is Kind.FLOW_RUN else st.just("s"),
        st.booleans() if kind is Kind.FLOW_RUN else st.just(False),
        st.sampled_from(list(StateType)),
        st.none() | st.sampled_from(list(Exit)),
        st.sampled_from(NAMES),
    )


def _said(role, number, occurred, follows, worker, detached, type_, exit_, name) -> Said:
    ends = role in (Role.END, Role.CREATION)
    told = State(type_, None) if role is Role.STATE else None
    if role is Role.PHASE:
        told = Phase(f"pod {number % 3}", name, exit_, None)
    return Said(
        role,
        f"{role[0] if role is not Role.CREATION else 'k'}{number}",
        occurred,
        f"s{follows}" if ends and follows is not None else None,
        worker if ends or role is Role.START else None,
        detached=detached and role is Role.START,
        told=told,
        job="default:job" if role is Role.CREATION and name else None,
    )


def steps(kind: Kind) -> st.SearchStrategy[list[Step]]:
    return st.lists(said(kind) | st.builds(Passed, MINUTES), max_size=20)


def unique(given_: list[Step]) -> list[Step]:
    """The steps, with every repeated event made equal to the first."""
    first = {step.id: step for step in reversed(given_) if isinstance(step, Said)}
    return [first[step.id] if isinstance(step, Said) else step for step in given_]


def by_step(scene: Scene, given_: list[Step]) -> None:
    """Play the steps, and check the invariants after each."""
    for step in given_:
        if isinstance(step, Passed):
            scene.pass_to(max(at(step.until), scene.clock or 0))
        else:
            scene.say(step.event)
        assert scene.state is None or scene.clock is None or (scene.state.due or 0) >= scene.clock


def repeated_too_late(scene: Scene, given_: list[Step]) -> bool:
    """Whether a repeat came after what it repeats was forgotten, and so was a new event."""
    opening = {Role.START, Role.END, Role.CANCELLATION}
    given_ = [step for step in given_ if isinstance(step, Said)]
    assert len(scene.fates) == len(given_)
    new = [
        step
        for step, fate in zip(given_, scene.fates, strict=True)
        if fate is not Fate.DUPLICATE and step.role in opening
    ]
    return len(new) != len({step.id for step in given_ if step.role in opening})


PROFILE = settings(max_examples=EXAMPLES // 2, deadline=None, suppress_health_check=[HealthCheck.too_slow])


BOUNDS = st.sampled_from([1, 2, 3])
BOUNDED = st.builds(lambda starts, waiting: replace(RULES, max_starts=starts, max_waiting=waiting), BOUNDS, BOUNDS)
"""Bounds that nobody would set, but that drop as much here as a thousand would elsewhere."""


@pytest.mark.parametrize("rules", [st.just(RULES), BOUNDED], ids=["", "bounded"])
@pytest.mark.parametrize("kind", list(Kind))
@PROFILE
@given(data=st.data())
def test_whatever_comes(kind, rules, data):
    given_ = unique(data.draw(steps(kind)))
    scene = Watched(kind, replace(data.draw(rules), worker_names_shared=data.draw(st.booleans())))
    by_step(scene, given_)
    scene.play([until(30 * DAY), until(31 * DAY)])

    assert scene.state is None, "all is over, and remember has passed"
    finals = list(scene.finals.values())
    assume(not repeated_too_late(scene, given_))
    said = [step for step in given_ if isinstance(step, Said)]
    starts = [lifecycle.start.id for lifecycle in finals if lifecycle.start]
    ends = Counter(lifecycle.end.id for lifecycle in finals if lifecycle.end and lifecycle.end.role is Role.END)
    cancellations = Counter(
        lifecycle.cancellation.id
        for lifecycle in finals
        if lifecycle.cancellation and lifecycle.cancellation.role is Role.CANCELLATION
    )
    assert sorted(starts) == sorted({step.id for step in said if step.role is Role.START})
    assert ends == dict.fromkeys({step.id for step in said if step.role is Role.END}, 1)
    assert set(cancellations.values()) <= {1}
    alone = [lifecycle for lifecycle in finals if not lifecycle.start and not lifecycle.end]
    without_start = [lifecycle for lifecycle in finals if lifecycle.end and not lifecycle.start]
    assert len(finals) == len(starts) + len(without_start) + len(alone)
    assert len({identity(lifecycle) for lifecycle in finals}) == len(finals)


@pytest.mark.parametrize("kind", list(Kind))
@PROFILE
@given(data=st.data())
def test_no_two_versions_of_a_record_have_one_cause(kind, data):
    """``ce_id`` is made of the record's id and the cause (rule S2): a consumer that drops repeats must not drop an
    amendment.
    """
    given_ = unique(data.draw(steps(kind)))
    scene = Watched(kind, RULES)
    by_step(scene, given_)
    scene.play([until(30 * DAY)])
    assume(not repeated_too_late(scene, given_))
    causes = Counter((identity(lifecycle), lifecycle.cause) for lifecycle in scene.published)
    assert max(causes.values(), default=1) == 1


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_in_every_case(case):
    scene = Watched(case.kind, case.rules)
    by_step(scene, case.steps)


@PROFILE
@given(data=st.data())
def test_every_witness_is_told_of_or_counted(data):
    """Rule W4: of one witness of each role, the RUNNING first, so that none takes another's place."""
    given_ = unique(data.draw(steps(Kind.FLOW_RUN)))
    witnesses = {step.role: step for step in given_ if isinstance(step, Said) and step.role in WITNESSES.values()}
    assume(not (Role.PHASE in witnesses and getattr(witnesses[Role.PHASE].told, "exit", None) is None))
    ran, ended = witnesses.get(Role.RUNNING), witnesses.get(Role.STATE)
    assume(ran is None or ended is None or ran.occurred <= ended.occurred)
    assume(ran is None or Role.PHASE not in witnesses or ran.occurred <= witnesses[Role.PHASE].occurred)
    given_ = [
        it for it in given_ if isinstance(it, Passed) or it.role not in WITNESSES.values() or it is witnesses[it.role]
    ]
    scene = Watched(Kind.FLOW_RUN, RULES)
    by_step(scene, given_)
    scene.play([until(30 * DAY)])
    assume(not repeated_too_late(scene, given_))
    said = [step.id for step in given_ if isinstance(step, Said) and step.role in WITNESSES.values()]
    assume(len(said) == len(set(said)))
    told = [event.id for lifecycle in scene.finals.values() for event in {*lifecycle.events} if event.id in said]
    assert len(told) == len(set(told)), "a witness speaks of one submit"
    assert scene.unclaimed == len(said) - len(told)


@PROFILE
@given(data=st.data())
def test_what_comes_before_there_is_a_low_watermark_is_due_once_there_is(data):
    """Rule T4."""
    scene = Watched(Kind.FLOW_RUN, RULES)
    for step in unique(data.draw(st.lists(said(Kind.FLOW_RUN), max_size=8))):
        scene.let_in(step.event, at(step.occurred), None)
    scene.play([until(30 * DAY), until(31 * DAY)])
    assert scene.state is None
