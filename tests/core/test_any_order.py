"""Any events of one subject, in any two orders of arrival, give the same final records (rule A4), with every field the
same (rules S4 and A3).

Nothing is taken for the truth here; the one order is compared with the other. ``grace`` and ``remember`` are longer
than all of it, so that no deadline passes before everything has come: what is decided early is decided again, as often
as something new belongs to it, and the last word must not depend on the way there.
"""

from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from correlator.event import Details, Event, Exit, Infrastructure, Kind, Named, Phase, Role, State, StateType, Worker
from tests.core.scenes import WORKER, Scene, at, cancel, end, identity, rules, start, until
from tests.core.test_truth import EXAMPLES
from tests.core.watched import WITNESSES

AFTER_ALL = 100_000
"""Minutes after which everything is over and forgotten, except for the limits."""

TIMES = [0, 1, 2, 3, 4.5, 5, 5.5, 6, 7, 10, 11, 15, 16, 20, 21, 30]
"""Minutes, about ``tight_timing`` apart; many events share one."""

PROFILE = settings(max_examples=EXAMPLES // 2, deadline=None, suppress_health_check=[HealthCheck.too_slow])


SAID = {
    Role.STATE: st.builds(State, st.sampled_from(list(StateType)), st.none()),
    Role.PHASE: st.builds(
        Phase,
        st.sampled_from(["pod 1", "pod 2", "pod 3"]),
        st.sampled_from([None, "job-1", "other-1"]),
        st.none() | st.sampled_from(list(Exit)),
        st.sampled_from([None, None, "OOMKilled"]),
    ),
}


@st.composite
def soups(draw, kind: Kind) -> list[tuple[Event, Details]]:
    """Events that need not make sense; but ``follows`` names what lies within ``tight_timing``, or what nobody saw."""
    roles = [Role.START, Role.START, Role.END, Role.END]
    if kind is Kind.FLOW_RUN:
        roles += [Role.CANCELLATION, *draw(st.just([]) | st.just(list(WITNESSES.values())))]
    drawn = [
        (draw(st.sampled_from(roles)), draw(st.sampled_from(TIMES)), draw(st.sampled_from(["w1", "w1", "w2"])))
        for _ in range(draw(st.integers(2, 8)))
    ]
    starts = [(f"s{n}", minutes) for n, (role, minutes, _) in enumerate(drawn) if role is Role.START]
    events = []
    for n, (role, minutes, worker) in enumerate(drawn):
        near = [id_ for id_, begun in starts if abs(minutes - begun) < 5]
        ends = role in (Role.END, Role.CREATION)
        follows = draw(st.none() | st.sampled_from([*near, "unseen"])) if ends else None
        by = worker if kind is Kind.FLOW_RUN else WORKER
        ran = Infrastructure(draw(st.sampled_from([f"by {role}{n}", "default:job"])), n) if ends else None
        event = Event(
            role,
            f"{role[0] if role is not Role.CREATION else 'k'}{n}",
            at(minutes),
            by if ends or role is Role.START else None,
            follows,
            infrastructure=ran,
            detached=role is Role.START and kind is Kind.FLOW_RUN and draw(st.booleans()),
            said=draw(SAID[role]) if role in SAID else None,
        )
        events.append((event, telling(event, draw(st.booleans()))))
    return sorted(events, key=lambda said: (said[0].occurred, said[0].id))


def telling(event: Event, fully: bool) -> Details:
    """Details of three kinds: the same in all events, different in each, and present in only some."""
    alike = Named("f", "flow" if fully else None)
    worker = None if event.worker is None else Worker(event.worker, None, event.id, None)
    return Details(f"told by {event.id}", alike, Named(event.role, None), None, worker, None, (event.id,) * fully)


def finals(arriving: list[tuple[Event, Details]], kind: Kind, *, shared: bool) -> dict[str, tuple[object, ...]]:
    """The last version of each record, with what the record tells: each part as the start has it, else the end, …"""
    scene = Scene(kind, rules(grace=200, remember=500, worker_names_shared=shared))
    for event, details in arriving:
        scene.say(event, details)
    scene.play([until(AFTER_ALL), until(3 * AFTER_ALL)])
    assert scene.state is None
    return {
        identity(x): (
            (x.outcome, x.matched_by, x.ambiguous, x.superseded_by),
            tuple(event and event.id for event in (x.start, x.end, x.cancellation)),
            tuple(event and event.id for event in (x.creation, x.running, x.state, x.phase)),
            x.details,
            x.infrastructure,
        )
        for x in scene.finals.values()
    }


@pytest.mark.parametrize("kind", list(Kind))
@PROFILE
@given(data=st.data())
def test_two_orders_give_the_same_records(kind, data):
    events = data.draw(soups(kind))
    shared = kind is Kind.WORKER and data.draw(st.booleans())
    other = data.draw(st.permutations(events))
    repeated = data.draw(st.lists(st.sampled_from(events), max_size=2))
    expected = finals(events, kind, shared=shared)
    assert finals([*other, *repeated], kind, shared=shared) == expected


# a──b──x(a)──y           y has two candidates until x, which is late, names one: b it is, and no doubt
# 0  1  4.5   6.1
CLEARED = {"a": start("a", 0), "b": start("b", 1), "x": end("x", 4.5, "a"), "y": end("y", 6.1)}


@pytest.mark.parametrize("decided", [0, 12], ids=["undecided", "decided meanwhile"])
def test_follows_clears_up_what_was_ambiguous(decided):
    """Rule M6."""
    late = [CLEARED["a"], CLEARED["b"], CLEARED["y"], until(6.1 + decided), CLEARED["x"], until(100)]
    scene = Scene(Kind.WORKER).play(late)
    assert scene.records == {"a..x completed follows", "b..y completed resource"}


@pytest.mark.parametrize("order", list(permutations(CLEARED)), ids="".join)
def test_follows_leaves_no_doubt_in_any_order(order):
    scene = Scene(Kind.WORKER).play([*(CLEARED[id_] for id_ in order), until(100)])
    assert scene.records == {"a..x completed follows", "b..y completed resource"}


# a──b──────y     |         (a, superseded, is forgotten)   c
# 0  1      17    22+        46+                            47     y is remembered until 52
def test_what_was_ambiguous_remains_so_when_the_other_candidate_is_forgotten():
    """Rule M9."""
    scene = Scene(Kind.WORKER).play([start("a", 0), start("b", 1), end("y", 17), until(46.5), start("c", 47)])
    assert scene.versions == ["a.. superseded by b", "b..y completed resource ambiguous"]


# a──b──c──x        y          b..x, then a..y, of which b..x is forgotten first
def test_what_was_ambiguous_remains_so_when_what_passed_it_over_is_forgotten():
    """Rule M9."""
    shared = rules(worker_names_shared=True)
    scene = Scene(Kind.WORKER, shared).play(
        [start("a", 0), start("b", 1), end("x", 7), until(12.1), end("y", 30), until(42.5), start("c", 43), until(50)]
    )
    assert scene.versions == ["b..x completed resource ambiguous", "a..y completed resource ambiguous"]


# a──b──c──z(c)   |    x         |      a and b, superseded, are remembered until 46 and 47, x is decided at 49
# 0  1  2  3      20   44        60
@pytest.mark.parametrize("order", ["abczx", "cbazx", "bacxz"], ids=str)
def test_a_start_is_kept_for_an_end_that_came_in_time_and_is_not_decided(order):
    """Rule M9."""
    said = {"a": start("a", 0), "b": start("b", 1), "c": start("c", 2), "z": end("z", 3, "c"), "x": end("x", 44)}
    steps = [said[id_] for id_ in order]
    steps.insert(order.index("x"), until(20))
    scene = Scene(Kind.WORKER).play([*steps, until(60), until(100)])
    assert scene.records == {"a.. superseded by b", "b..x completed resource ambiguous", "c..z completed follows"}
    assert scene.state is None


# p──q──b──c              x──y    |       x is decided at 5, and y, which may take b, not before it; b is remembered
# -6:30 -6 -4:54 -4:48    0  0:12 5:12+   until 3:12
def test_a_start_is_kept_for_an_end_that_waits_for_another_to_be_decided():
    """Rules M3 and M9."""
    hasty = rules(grace=5, remember=3)
    starts = [start("p", -6.5), start("q", -6), start("b", -4.9), start("c", -4.8)]
    scene = Scene(Kind.WORKER, hasty).play([*starts, end("x", 0), end("y", 0.15), until(4.5), until(5.5)])
    assert scene.records == {
        "p.. superseded by q",
        "q..x completed resource ambiguous",
        "b..y completed resource ambiguous",
    }


# a──!──b──y(b)   |  x       a, superseded, is amended by !, which comes at 40, and so remembered until 70
# 0 0:30 1  2      40 60
@pytest.mark.parametrize("follows", [None, "a"], ids=["guessed", "named"])
def test_a_start_that_was_amended_is_remembered_for_longer_by_an_end_without_follows_too(follows):
    scene = Scene().play(
        [start("a", 0), start("b", 1), end("y", 2, "b"), until(40), cancel("!", 0.5), end("x", 60, follows), until(110)]
    )
    how = "follows" if follows else "resource"
    assert scene.records == {f"a..x/! cancelled {how}", "b..y completed follows"}
    assert scene.state is None


def test_two_that_are_parted_are_published_whole():
    """If two ends name one start, the one that occurred first takes it (rules M7 and M8); the other keeps its own
    details.
    """
    scene = Scene()
    same = Details("r", work_pool=Named("p", None))
    for said, told in (
        (start("a", 0), same),
        (end("y", 3, "a"), replace(same, flow=Named("of y", None))),
        (end("x", 2, "a"), replace(same, flow=Named("of x", None))),
    ):
        scene.say(said.event, told)
    scene.play([until(30)])
    assert scene.finals["a"].details == replace(same, flow=Named("of x", None))
    assert scene.finals["y"].details == replace(same, flow=Named("of y", None))
