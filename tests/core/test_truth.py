"""The events that Prefect sends of a truth, permuted and repeated within what rule A4 allows, give the truth's records,
for every seed.

HYPOTHESIS_EXAMPLES sets the number of examples: 10,000 in CI.
"""

import os
from dataclasses import replace
from typing import NamedTuple

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import event as note
from hypothesis import strategies as st

from correlator.core import Lifecycle, Rules
from correlator.core.pairing import assemble
from correlator.core.status import status_of
from correlator.event import Event, Kind, Role
from tests.core.lives import truths, witnessed
from tests.core.scenes import Scene, at, identity
from tests.core.truth import LAG, MINUTE, RULES, SECOND, Delivery, Life, Unclear, events_of
from tests.core.wanted import records_of

EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "1000"))


class Arrival(NamedTuple):
    """An event that comes when the clock would be ``at`` if nothing were late. None: an event of another subject."""

    at: int
    event: Event | None
    occurred: int
    partition: int


@st.composite
def arrivals(draw, events: list[Event], partitions: int, lateness: int) -> list[Arrival]:
    """The events with delays up to ``lateness``, or ``grace`` for ends with ``follows``; repeats while they are
    remembered.
    """
    tight, grace = RULES.tight_timing, RULES.grace
    starts = {event.id for event in events}
    delays = st.sampled_from([delay for delay in [0, 0, 1, 30, 100, 200, 299, 300] if delay * SECOND <= lateness])
    arriving = []
    for event in events:
        delay = draw(delays) * SECOND
        if delay and event.role is Role.END and event.follows in starts and draw(st.booleans()):
            delay = delay * grace // tight
        here = st.integers(0, partitions - 1)
        arriving.append(Arrival(event.occurred + delay, event, event.occurred, draw(here)))
        if draw(st.integers(0, 4)) == 0:
            # As late as 20 minutes after it occurred: it was published then or later, so is remembered for longer. (Not
            # so a second cancellation, which changes nothing: it is forgotten with the first. And a witness may find no
            # submit: it is known for 15 minutes.)
            afters = [0, 1, 60, 600, 1200][: 5 if event.role in (Role.START, Role.END) else 4]
            after = 0 if event.role is Role.CANCELLATION else draw(st.sampled_from(afters)) * SECOND
            again = event.occurred + max(delay, after)
            arriving.append(Arrival(again, event, event.occurred, draw(here)))
    for minutes in draw(st.lists(st.integers(0, 400), max_size=4)):
        arriving.append(
            Arrival(at(minutes) + draw(delays) * SECOND, None, at(minutes), draw(st.integers(0, partitions - 1)))
        )
    return sorted(arriving, key=lambda arrival: arrival.at)


def play(arriving: list[Arrival], partitions: int, kind: Kind, rules: Rules) -> Scene:
    """Play arrivals as the stage does: each event with its partition's clock and, if there are several partitions,
    ticks.
    """
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
    """Assert that no event belongs to two of the current records. (A lifecycle that lost its end to another is open
    again, and its record waits to be amended.)
    """
    lives = () if scene.state is None else assemble(scene.state, scene.clock, scene.rules).lives
    again = {life.opening.event.id for life in lives if status_of(life, scene.clock).outcome is None}
    nothing_in_two([lifecycle for lifecycle in scene.finals.values() if identity(lifecycle) not in again])


def nothing_in_two(lifecycles: list[Lifecycle]) -> None:
    ids = [id_ for lifecycle in lifecycles for id_ in {part.id for part in lifecycle.events}]
    assert len(ids) == len(set(ids)), ids


def compare(lives: list[Life], kind: Kind, rules: Rules, data: st.DataObject) -> None:
    events = events_of(lives, kind, rules)
    lateness = data.draw(st.sampled_from([0, MINUTE // 2, rules.tight_timing]))
    try:
        expected = records_of(events, Delivery(kind, rules, lateness))
    except Unclear:
        note("unclear")
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
@given(witnessed(), st.data())
def test_runs_that_others_tell_of_too(lives, data):
    compare(lives, Kind.FLOW_RUN, RULES, data)


@PROFILE
@given(truths(Kind.WORKER), st.data())
def test_workers(lives, data):
    compare(lives, Kind.WORKER, RULES, data)


@PROFILE
@given(truths(Kind.WORKER), st.data())
def test_workers_of_one_name(lives, data):
    compare(lives, Kind.WORKER, replace(RULES, worker_names_shared=True), data)
