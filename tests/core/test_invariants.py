"""What holds after every step, whatever comes and however late: any events, in any order, with any ``follows``."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from correlator.core import Fate, Lifecycle, Outcome
from correlator.core.pairing import assemble
from correlator.event import Kind, Role
from tests.core.cases import CASES
from tests.core.scenes import Passed, Said, Scene, Step, at, identity, until
from tests.core.test_truth import EXAMPLES
from tests.core.truth import RULES

DAY = 24 * 60
MINUTES = st.integers(0, 24).map(lambda n: n * 1.7) | st.integers(0, 200)


def steps(kind: Kind) -> st.SearchStrategy[list[Step]]:
    said = st.builds(
        lambda role, number, occurred, follows, worker: Said(
            role,
            f"{role[0]}{number}",
            occurred,
            f"s{follows}" if role is Role.END and follows is not None else None,
            None if role is Role.CANCELLATION else worker,
        ),
        st.sampled_from(list(Role) if kind is Kind.FLOW_RUN else [Role.START, Role.END]),
        st.integers(0, 5),
        MINUTES,
        st.none() | st.integers(0, 6),
        st.sampled_from(["w1", "w1", "w2"]) if kind is Kind.FLOW_RUN else st.just("s"),
    )
    return st.lists(said | st.builds(Passed, MINUTES), max_size=20)


def unique(given_: list[Step]) -> list[Step]:
    """A repeat of an event says what the event said."""
    first = {step.id: step for step in reversed(given_) if isinstance(step, Said)}
    return [first[step.id] if isinstance(step, Said) else step for step in given_]


def by_step(scene: Scene, given_: list[Step]) -> None:
    """Play, and look after every step."""
    for step in given_:
        if isinstance(step, Passed):
            scene.pass_to(max(at(step.until), scene.clock or 0))
        else:
            scene.say(step.event)
        consistent(scene)


def consistent(scene: Scene) -> None:
    if scene.state is None:
        return
    state = scene.state
    for group in (state.starts, state.cancellations):
        places = [(known.event.occurred, known.event.id) for known in group]
        assert places == sorted(set(places))
    assert [end.turn for end in state.ends] == sorted({end.turn for end in state.ends})
    assert state.due is not None
    assert scene.clock is None or state.due >= scene.clock
    wholes = assemble(state, scene.clock, scene.rules)
    held = [known.event.id for whole in wholes for known in (whole.start, whole.end, *whole.cancellations) if known]
    assert sorted(held) == sorted(known.event.id for known in (*state.starts, *state.ends, *state.cancellations))


def well_formed(lifecycle: Lifecycle) -> None:
    start, end, cancellation, outcome = lifecycle.start, lifecycle.end, lifecycle.cancellation, lifecycle.outcome
    assert (lifecycle.matched_by is not None) == (start is not None and end is not None)
    assert (lifecycle.superseded_by is not None) == (outcome is Outcome.SUPERSEDED)
    assert not lifecycle.ambiguous or lifecycle.matched_by == "resource"
    assert (outcome is Outcome.CANCELLED) == (cancellation is not None)
    if outcome is Outcome.COMPLETED:
        assert start is not None
        assert end is not None
    if outcome in (Outcome.LOST, Outcome.SUPERSEDED):
        assert start is not None
        assert end is None
    if outcome is Outcome.UNMATCHED:
        assert start is None
        assert end is not None


def repeated_too_late(scene: Scene, given_: list[Step]) -> bool:
    """Whether a repeat came after what it repeats was forgotten, and so was a new event."""
    new = len(scene.fates) - scene.fates.count(Fate.DUPLICATE)
    return new != len({step.id for step in given_ if isinstance(step, Said)})


PROFILE = settings(max_examples=EXAMPLES // 2, deadline=None, suppress_health_check=[HealthCheck.too_slow])


BOUNDS = st.sampled_from([1, 2, 3])
BOUNDED = st.builds(lambda starts, waiting: replace(RULES, max_starts=starts, max_waiting=waiting), BOUNDS, BOUNDS)
"""What no one has set so; but what must go, goes as often here as elsewhere with a thousand."""


@pytest.mark.parametrize("rules", [st.just(RULES), BOUNDED], ids=["", "bounded"])
@pytest.mark.parametrize("kind", list(Kind))
@PROFILE
@given(data=st.data())
def test_whatever_comes(kind, rules, data):
    given_ = unique(data.draw(steps(kind)))
    scene = Scene(kind, replace(data.draw(rules), worker_names_shared=data.draw(st.booleans())))
    by_step(scene, given_)
    scene.play([until(30 * DAY), until(31 * DAY)])

    assert scene.state is None, "all is over, and remember has passed"
    for lifecycle in scene.published:
        well_formed(lifecycle)
    finals = list(scene.finals.values())
    assume(not repeated_too_late(scene, given_))
    said = [step for step in given_ if isinstance(step, Said)]
    starts = [lifecycle.start.id for lifecycle in finals if lifecycle.start]
    ends = Counter(lifecycle.end.id for lifecycle in finals if lifecycle.end)
    cancellations = Counter(lifecycle.cancellation.id for lifecycle in finals if lifecycle.cancellation)
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
    scene = Scene(kind, RULES)
    by_step(scene, given_)
    scene.play([until(30 * DAY)])
    assume(not repeated_too_late(scene, given_))
    causes = Counter((identity(lifecycle), lifecycle.cause) for lifecycle in scene.published)
    assert max(causes.values(), default=1) == 1


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_in_every_case(case):
    scene = Scene(case.kind, case.rules)
    by_step(scene, case.steps)
    for lifecycle in scene.published:
        well_formed(lifecycle)
