"""Many processes with one name, all of them older than ``tight_timing`` when they stop: nobody knows which end belongs
to which start (rule M4).
"""

import time

from correlator import core
from correlator.core import Outcome, SubjectState
from correlator.event import Details, Event, Kind, Role
from correlator.moments import MINUTE, SECOND
from tests.core.scenes import at, rules

MANY = 300
SHARED = rules(worker_names_shared=True)


def event(role: Role, number: int, occurred: int) -> Event:
    return Event(role, f"{role}{number}", occurred, "s")


def test_many_that_stop_at_once_are_decided_in_time():
    """Scaled down from hundreds to none: the uptimes sum up, each of them is a guess, and it is soon done."""
    starts = [event(Role.START, n, at(0) + n * SECOND) for n in range(MANY)]
    ends = [event(Role.END, n, at(60) + n * SECOND) for n in range(MANY)]
    state, lifecycles = SubjectState(Kind.WORKER, "s", Details()), []
    began = time.process_time()
    for one in (*starts, *ends):
        decision = core.on_event(state, one, Details(), one.occurred, one.occurred, SHARED)
        state = decision.state
        lifecycles += decision.lifecycles
    assert state is not None
    lifecycles += core.on_watermark(state, at(120), SHARED).lifecycles
    took = time.process_time() - began
    assert len(lifecycles) == MANY
    assert {lifecycle.outcome for lifecycle in lifecycles} == {Outcome.COMPLETED}
    assert all(lifecycle.ambiguous for lifecycle in lifecycles)
    spans = [x.end.occurred - x.start.occurred for x in lifecycles if x.start and x.end]
    assert sum(spans) == sum(end.occurred - start.occurred for start, end in zip(starts, ends, strict=True))
    assert min(spans) >= 60 * MINUTE - MANY * SECOND
    assert took < 20, f"{took:.1f} s"


def test_many_ends_and_cancellations_without_a_submit_are_decided_in_time():
    """Within the bounds, and in one table entry: a cancellation looks at no end that is too early for it."""
    exact = rules(grace=0.5 / 60)
    state, lifecycles = SubjectState(Kind.FLOW_RUN, "s", Details()), []
    began = time.process_time()
    for n in range(2 * MANY):
        end = Event(Role.END, f"e{n}", at(0) + n * SECOND, "w", f"unseen {n}")
        cancelled = Event(Role.CANCELLATION, f"c{n}", end.occurred, None)
        for one in (end, cancelled):
            decision = core.on_event(state, one, Details(), one.occurred, one.occurred, exact)
            state = decision.state
            lifecycles += decision.lifecycles
    lifecycles += core.on_watermark(state, at(24 * 60), exact).lifecycles
    took = time.process_time() - began
    assert len(lifecycles) == 2 * MANY
    assert {lifecycle.outcome for lifecycle in lifecycles} == {Outcome.CANCELLED}
    assert took < 6, f"{took:.1f} s"
