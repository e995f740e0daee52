"""State is bounded: per subject by number (rules B1 and B2), per table entry by bytes (rule B3). What is dropped is
published and counted.
"""

import time

import pytest

from correlator import core
from correlator.core import Outcome, Settled, SubjectState, decode, encode, encode_within
from correlator.event import Details, Event, Kind, Role
from tests.core.scenes import Scene, cancel, end, pod, rules, start, submit, until, written
from tests.core.test_truth import nothing_in_two

FEW = rules(max_starts=3, max_waiting=3, worker_names_shared=True)


def test_of_too_many_starts_the_oldest_is_lost():
    """Rule B1."""
    scene = Scene(Kind.WORKER, FEW).play([start("abcdef"[n], n) for n in range(6)])
    assert scene.versions == ["a.. lost", "b.. lost", "c.. lost"]
    assert scene.open == ["d.. open", "e.. open", "f.. open"]
    assert [lifecycle.cause for lifecycle in scene.published] == ["evicted:a", "evicted:b", "evicted:c"]


def test_an_evicted_start_s_end_met_nothing():
    scene = Scene(Kind.WORKER, FEW).play([*(start("abcd"[n], n) for n in range(4)), end("x", 4, "a"), until(20)])
    assert scene.versions == ["a.. lost", "..x unmatched"]


def test_of_too_many_waiting_ends_the_oldest_is_unmatched():
    """Rule B2."""
    scene = Scene(Kind.WORKER, FEW).play([end("uvwxyz"[n], n, "?") for n in range(6)])
    assert scene.versions == ["..u unmatched", "..v unmatched", "..w unmatched"]
    scene.play([until(60)])
    assert len(scene.records) == 6


def test_ends_that_met_their_start_do_not_wait():
    met = [step for n in range(3) for step in (start("abc"[n], n), end("xyz"[n], n + 0.5, "abc"[n]))]
    scene = Scene(Kind.WORKER, FEW).play([*met, *(end("uvw"[n], 4 + n, "?") for n in range(3))])
    assert scene.versions == [f"{'abc'[n]}..{'xyz'[n]} completed follows" for n in range(3)]
    scene.play([end("t", 7, "?")])
    assert scene.versions[3:] == ["..u unmatched"]


def test_open_starts_make_no_room_for_ends():
    scene = Scene(Kind.WORKER, FEW).play(
        [*(start("abc"[n], n) for n in range(3)), *(end("uvwx"[n], 3 + n, "?") for n in range(4))]
    )
    assert scene.versions == ["..u unmatched"]


def test_of_a_cancelled_run_that_must_go_no_cancellation_is_left_behind():
    one = rules(max_starts=1)
    scene = Scene(Kind.FLOW_RUN, one).play(
        [start("a", 0), end("x", 1, "a"), cancel("!", 1.01), cancel("?", 1.02), start("b", 2), until(20)]
    )
    assert scene.records == {"a..x/! cancelled follows"}


def test_a_cancelled_run_that_must_go_before_its_end_is_cancelled():
    # a─!───b──c──d     a waits for its end, as far as there is room
    # 0 1   2  3  3:30
    two = rules(max_starts=2)
    scene = Scene(Kind.FLOW_RUN, two).play([start("a", 0), cancel("!", 1), start("b", 2), start("c", 3)])
    assert scene.versions == ["a../! cancelled"]
    scene.play([start("d", 3.5), until(20_000)])
    assert scene.records == {"a../! cancelled", "b.. lost", "c.. superseded by d", "d.. lost"}


def test_of_too_many_cancellations_the_oldest_stands_alone():
    """Rule B2."""
    scene = Scene(Kind.FLOW_RUN, FEW).play([cancel("uvwxyz"[n], n) for n in range(6)])
    assert scene.versions == ["../u cancelled", "../v cancelled", "../w cancelled"]
    scene.play([until(60)])
    assert len(scene.records) == 6


def test_of_too_many_witnesses_the_oldest_is_forgotten_and_counted():
    """Rule B2: of a run that is open, and of none."""
    pods = [pod(f"p{n}", 1 + n, None, f"job-{n}") for n in range(6)]
    for first in ([submit("a", 0)], []):
        scene = Scene(Kind.FLOW_RUN, FEW).play([*first, *pods])
        assert scene.state is not None
        assert [known.event.id for known in scene.state.witnesses] == ["p3", "p4", "p5"]
        assert scene.unclaimed == 3


def test_a_witness_of_an_entry_too_large_goes_without_a_record():
    """Rule B3."""
    scene = Scene().play([submit("a", 5), *(pod(f"p{n}", 1 + n, None, f"job-{n}") for n in range(6))])
    assert scene.state is not None
    _, evicted = encode_within(scene.state, rules(max_entry_bytes=len(encode(scene.state)) - 1))
    assert (evicted.published, evicted.unclaimed) == ([], 1)


def test_what_is_published_already_is_not_lost_when_it_must_go():
    steps = [step for n in range(6) for step in (start("abcdef"[n], n), end("uvwxyz"[n], n + 0.5, "abcdef"[n]))]
    scene = Scene(Kind.WORKER, FEW).play(steps)
    assert scene.records == {f"{'abcdef'[n]}..{'uvwxyz'[n]} completed follows" for n in range(6)}
    assert scene.state is not None
    assert len(scene.state.starts) == len(scene.state.ends) == 3
    scene.play([until(100)])
    assert scene.state is None
    assert len(scene.records) == 6


def test_an_ended_lifecycle_whose_end_must_go_is_not_open_again():
    # a..x is remembered, and x is the oldest of too many ends
    strays = [end("uvwyz"[n], 5 + n, "?") for n in range(5)]
    scene = Scene(Kind.FLOW_RUN, FEW).play([start("a", 0), end("x", 1, "a"), *strays])
    assert not any(lifecycle.startswith("a..") for lifecycle in scene.open)
    scene.play([until(20_000)])
    assert scene.records == {"a..x completed follows", *(f"..{stray.id} unmatched" for stray in strays)}


def test_an_end_and_its_cancellation_that_were_published_go_together():
    strays = [end("uvwyz"[n], 16 + n, "?") for n in range(5)]
    scene = Scene(Kind.FLOW_RUN, FEW).play([end("x", 0), cancel("!", 1 / 60), until(15.5), *strays, until(100)])
    assert scene.records == {"..x/! cancelled", *(f"..{stray.id} unmatched" for stray in strays)}
    cancels = [cancel("uvwyz"[n], 16 + n) for n in range(5)]
    scene = Scene(Kind.FLOW_RUN, FEW).play([end("x", 0), cancel("!", 1 / 60), until(15.5), *cancels, until(100)])
    assert scene.records == {"..x/! cancelled", *(f"../{stray.id} cancelled" for stray in cancels)}


# a──b──────e    |       c        d         a..e, until b comes: b..e then, and a is open again when it must go
# 0  1      6    11:30   12       13        arrives: a e b c d
ROBBED = [start("a", 0), end("e", 6), start("b", 1), until(11.5)]


def test_a_start_whose_end_was_another_s_goes_as_it_stands():
    two = rules(max_starts=2, worker_names_shared=True)
    scene = Scene(Kind.WORKER, two).play([*ROBBED, start("c", 12)])
    assert scene.versions[2] == "a.. lost amended"
    assert scene.published[2].cause == "evicted:a"
    scene.play([start("d", 13), until(20)])
    assert scene.open == ["c.. open", "d.. open"]
    nothing_in_two(list(scene.finals.values()))


def test_a_start_whose_end_was_another_s_goes_as_it_stands_where_an_entry_is_too_large():
    scene = Scene(Kind.WORKER, rules(worker_names_shared=True)).play(ROBBED)
    assert scene.state is not None
    _, evicted = encode_within(scene.state, rules(max_entry_bytes=len(encode(scene.state)) - 1))
    assert [written(lifecycle) for lifecycle in evicted.published] == ["a.. lost amended"]
    assert [known.event.id for known in (*scene.state.starts, *scene.state.ends)] == ["b", "e"]


def test_an_end_that_was_another_s_goes_with_its_own_start():
    # e must go, and with it b; a, which had it before, is open as it was
    few = rules(max_starts=3, max_waiting=1, worker_names_shared=True)
    strays = [end("uvw"[n], 12 + n, "?") for n in range(3)]
    scene = Scene(Kind.WORKER, few).play([*ROBBED, *strays])
    assert "a.. open amended" in scene.open
    assert "b..e completed resource ambiguous" in scene.records
    scene.play([until(100 * 24 * 60)])
    assert {"a.. lost", "b..e completed resource ambiguous"} < scene.records


def test_a_run_whose_cancellation_was_another_s_goes_as_it_stands():
    # a──x(a)─!    b, which occurred before the cancellation, takes it over in the moment in which a must go
    # 0  2    2+   1
    one = rules(max_starts=1)
    scene = Scene(Kind.FLOW_RUN, one).play([start("a", 0), end("x", 2, "a"), cancel("!", 2.01), start("b", 1)])
    assert scene.versions[:2] == ["a..x completed follows", "a..x/! cancelled follows amended"]
    assert scene.versions[2:] == ["a..x completed follows amended"]
    scene.play([until(60)])
    assert scene.records == {"a..x completed follows", "b../! cancelled"}


def test_a_lifecycle_of_negative_duration_goes_whole_where_an_entry_is_too_large():
    scene = Scene(Kind.FLOW_RUN).play([end("x", 0, "a"), start("a", 1), start("b", 2), start("c", 3)])
    assert scene.state is not None
    _, evicted = encode_within(scene.state, rules(max_entry_bytes=len(encode(scene.state)) - 1))
    assert evicted.published == []
    assert [known.event.id for known in scene.state.starts] == ["b", "c"]
    assert scene.state.ends == []


@pytest.mark.parametrize("outcome", ["superseded", "lost"])
def test_what_ended_without_an_end_goes_without_a_word(outcome):
    few = rules(max_starts=2, max_waiting=2, worker_limit=20)
    scene = Scene(Kind.WORKER, few).play(
        [start("a", 0), *([start("b", 1)] if outcome == "superseded" else []), until(21)]
    )
    before = scene.versions
    scene.play([start("c", 22), start("d", 22.1), start("e", 22.2)])
    assert [version for version in scene.versions if version.startswith("a..")] == before[:1]


# a──b──────y     c       y was ambiguous by a, and remains so though a has to go (rule M9)
def test_what_was_ambiguous_remains_so_when_what_made_it_so_has_to_go():
    scene = Scene(Kind.WORKER, rules(max_starts=2, worker_names_shared=True))
    scene.play([start("a", 0), start("b", 1), end("y", 7), until(13), start("c", 14)])
    assert scene.records == {"a.. lost", "b..y completed resource ambiguous"}


def test_an_entry_too_large_loses_its_oldest():
    """Rule B3."""
    scene = Scene(Kind.WORKER, rules(worker_names_shared=True))
    for n in range(10):
        scene.say(start(f"a{n}", n).event, Details(tags=(f"{n}" * 1000,)))
    assert scene.state is not None
    value, evicted = encode_within(scene.state, rules(max_entry_bytes=5000))
    assert len(value) <= 5000
    assert [lifecycle.start.id for lifecycle in evicted.published if lifecycle.start] == [
        f"a{n}" for n in range(len(evicted.published))
    ]
    assert {lifecycle.outcome for lifecycle in evicted.published} == {Outcome.LOST}
    left = decode(value)
    assert len(left.starts) + len(evicted.published) == 10
    assert encode(left) == value


def test_an_entry_of_one_event_stays_whatever_its_size():
    """Rule B3."""
    scene = Scene(Kind.WORKER)
    scene.say(start("a", 0).event, Details(tags=("x" * 1000,)))
    assert scene.state is not None
    assert encode_within(scene.state, rules(max_entry_bytes=100)) == (encode(scene.state), Settled())


def test_an_entry_too_large_is_dealt_with_in_time():
    scene = Scene(Kind.WORKER, rules(worker_names_shared=True))
    for n in range(1000):
        said = start(f"a{n}", n / 100).event
        scene.let_in(said, said.occurred, said.occurred, Details(tags=(f"{n:04}" * 1250,)))
    state = scene.state
    assert state is not None
    began = time.process_time()
    value, evicted = encode_within(state, scene.rules)
    took = time.process_time() - began
    assert len(value) <= scene.rules.max_entry_bytes
    assert len(evicted.published) + len(decode(value).starts) == 1000
    assert took < 5, f"{took:.2f} s"


STARTS = 20_000


@pytest.mark.parametrize("shared", [False, True], ids=["unique", "shared"])
def test_a_resource_id_that_starts_20_000_times_without_a_stop(shared):
    """A worker in a crash loop: every 10 seconds a start, never a stop (rule B1)."""
    among = rules(worker_names_shared=shared)
    state, published, largest = SubjectState(Kind.WORKER, "s", Details()), [], 0
    began = time.process_time()
    for n in range(STARTS):
        now = 1_790_000_000_000_000 + n * 10_000_000
        event = Event(Role.START, f"{n:036}", now, "s")
        decision = core.on_event(state, event, Details(), now, now, among)
        state = decision.state
        published += decision.lifecycles
        assert state is not None
        if n % 100 == 0:
            value, evicted = encode_within(state, among)
            state = decode(value)
            published += evicted.published
            largest = max(largest, len(value))
            assert len(state.starts) <= 1000
    took = time.process_time() - began
    assert largest <= among.max_entry_bytes
    assert state is not None
    published += core.on_watermark(state, 1 << 61, among).lifecycles
    assert len(published) == STARTS
    assert len({lifecycle.start.id for lifecycle in published if lifecycle.start}) == STARTS
    assert {lifecycle.outcome for lifecycle in published} <= {Outcome.LOST, Outcome.SUPERSEDED}
    print(f"{STARTS} starts: {took:.1f} s, at most {largest} bytes")
    assert took < 60
