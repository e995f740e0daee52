"""From a truth, the events that Prefect sends; permuted and repeated within what rule A4 allows, they give the
truth's records, for every seed.

HYPOTHESIS_EXAMPLES says how many: 10,000 in CI.
"""

import os
from dataclasses import replace
from typing import NamedTuple

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import event as note
from hypothesis import strategies as st

from correlator.core import Lifecycle, Rules
from correlator.event import Event, Kind, Role
from tests.core.scenes import Scene, at, identity
from tests.core.truth import LAG, MINUTE, RULES, SECOND, Life, Told, Unclear, events_of, records_of

EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "1000"))

GAPS = [0.4, 0.9, 2, 3.5, 6, 9, 12, 19, 26, 41, 62, 95, 140, 300]
SPANS = [-3, -0.5, 0.02, 0.5, 2, 4.5, 4.999, 5.001, 5.5, 7, 9.5, 13, 17, 23, 34, 55, 73, 120, 160, 190, 205, 260]
SPANS += [44, 48, 212]
"""The last ones: about when what was overtaken, or was lost and then cancelled, is forgotten."""
CANCELLED_AFTER = [-30, -2, 0.01, 1, 3, 6, 11, 30, 100, 183]
"""After the beginning; and, by seconds, about the end."""
ABOUT_THE_END = [-20 / 60, -3 / 60, -1 / 60, 2 / 60, 4 / 60, 8 / 60]


class Arrival(NamedTuple):
    """An event that comes when the clock, were nothing late, would be ``at``; None: of another subject."""

    at: int
    event: Event | None
    occurred: int
    partition: int


@st.composite
def truths(draw, kind: Kind) -> list[Life]:
    lives, begun = [], 0.0
    for number in range(draw(st.integers(1, 6))):
        begun += draw(st.sampled_from(GAPS)) + number * 0.0113
        lasted = draw(st.none() | st.sampled_from(SPANS))
        cancelled: list[float] = []
        if kind is Kind.FLOW_RUN and draw(st.integers(0, 2)) == 0:
            for _ in range(draw(st.integers(1, 2))):
                if lasted is not None and draw(st.booleans()):
                    cancelled.append(begun + lasted + draw(st.sampled_from(ABOUT_THE_END)) + 0.0007 * len(cancelled))
                else:
                    cancelled.append(begun + draw(st.sampled_from(CANCELLED_AFTER)) + 0.0031 * (number + 1))
        lives.append(
            Life(
                begun,
                lasted,
                draw(st.sampled_from(["w1", "w1", "w2"])),
                draw(st.integers(0, 7)) != 0,
                tuple(sorted(cancelled)),
            )
        )
    return lives


@st.composite
def arrivals(draw, events: list[Event], partitions: int, lateness: int) -> list[Arrival]:
    """Nothing later than ``lateness``, with ``follows`` than ``grace``; what comes twice, while it is known."""
    tight, grace = RULES.tight_timing, RULES.grace
    starts = {event.id for event in events}
    delays = st.sampled_from([delay for delay in [0, 0, 1, 30, 100, 200, 299, 300] if delay * SECOND <= lateness])
    arriving = []
    for event in events:
        delay = draw(delays) * SECOND
        if delay and event.follows in starts and draw(st.booleans()):
            delay = delay * grace // tight
        here = st.integers(0, partitions - 1)
        arriving.append(Arrival(event.occurred + delay, event, event.occurred, draw(here)))
        if draw(st.integers(0, 4)) == 0:
            # As late as 20 minutes after it occurred: it was published then or later, so is remembered for longer. (Not
            # so a second cancellation, which changes nothing: it is forgotten with the first.)
            after = 0 if event.role is Role.CANCELLATION else draw(st.sampled_from([0, 1, 60, 600, 1200])) * SECOND
            again = event.occurred + max(delay, after)
            arriving.append(Arrival(again, event, event.occurred, draw(here)))
    for minutes in draw(st.lists(st.integers(0, 400), max_size=4)):
        arriving.append(
            Arrival(at(minutes) + draw(delays) * SECOND, None, at(minutes), draw(st.integers(0, partitions - 1)))
        )
    return sorted(arriving, key=lambda arrival: arrival.at)


def play(arriving: list[Arrival], partitions: int, kind: Kind, rules: Rules) -> Scene:
    """As the stage does: each event with its partition's clock, and time, where several partitions are, by ticks."""
    scene, clocks, seen = Scene(kind, rules), dict.fromkeys(range(partitions), 0), 0
    for arrival in arriving:
        seen = max(seen, arrival.occurred)
        if partitions > 1:
            clocks = {partition: max(clock, seen - LAG) for partition, clock in clocks.items()}
            scene.pass_to(min(clocks.values()))
        clocks[arrival.partition] = max(clocks[arrival.partition], arrival.occurred)
        if arrival.event is not None:
            scene.let_in(arrival.event, clocks[arrival.partition], min(clocks.values()))
        scene.pass_to(min(clocks.values()))
        check(scene)
    scene.pass_to(seen + 100 * 24 * 60 * MINUTE)
    scene.pass_to(seen + 101 * 24 * 60 * MINUTE)
    return scene


def check(scene: Scene) -> None:
    """Among the records as they stand, nothing belongs to two. (A lifecycle that lost its end to another one is open
    again: its record waits to be amended.)
    """
    again = set(scene.open)
    standing = [x for x in scene.finals.values() if not any(o.startswith(f"{identity(x)}..") for o in again)]
    nothing_in_two(standing)


def nothing_in_two(lifecycles: list[Lifecycle]) -> None:
    ids = [part.id for x in lifecycles for part in (x.start, x.end, x.cancellation) if part is not None]
    assert len(ids) == len(set(ids)), ids


def compare(lives: list[Life], kind: Kind, rules: Rules, data: st.DataObject) -> None:
    events = events_of(lives, kind, rules)
    lateness = data.draw(st.sampled_from([0, MINUTE // 2, rules.tight_timing]))
    try:
        expected = records_of(events, Told(kind, rules, lateness))
    except Unclear:
        assume(False)
    partitions = data.draw(st.integers(1, 3))
    arriving = data.draw(arrivals(events, partitions, lateness))
    scene = play(arriving, partitions, kind, rules)
    assert scene.records == expected
    assert scene.state is None
    nothing_in_two(list(scene.finals.values()))
    note("ambiguous" if any(x.ambiguous for x in scene.finals.values()) else "clear")


PROFILE = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)


@PROFILE
@given(truths(Kind.FLOW_RUN), st.data())
def test_runs(lives, data):
    compare(lives, Kind.FLOW_RUN, RULES, data)


@PROFILE
@given(truths(Kind.WORKER), st.data())
def test_workers(lives, data):
    compare(lives, Kind.WORKER, RULES, data)


@PROFILE
@given(truths(Kind.WORKER), st.data())
def test_workers_of_one_name(lives, data):
    compare(lives, Kind.WORKER, replace(RULES, worker_names_shared=True), data)
