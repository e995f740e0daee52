"""A scene that is checked after every step for what holds for any state and any record."""

from correlator import core
from correlator.core import Decision, EndedBy, Lifecycle, Outcome
from correlator.core.pairing import assemble
from correlator.event import Event, Phase, Role, State, StateType
from correlator.moments import MICROSECOND
from tests.core.scenes import Scene

SPEAKERS = {Role.END: EndedBy.WORKER, Role.PHASE: EndedBy.INFRASTRUCTURE, Role.STATE: EndedBy.FLOW_RUN}
WITNESSES = {"creation": Role.CREATION, "running": Role.RUNNING, "state": Role.STATE, "phase": Role.PHASE}


class Watched(Scene):
    """A scene that checks every decision."""

    def _take(self, decision: Decision) -> None:
        super()._take(decision)
        for lifecycle in decision.lifecycles:
            well_formed(lifecycle)
        if self.state is not None:
            consistent(self)
            if decision.rests:
                only_to_be_forgotten(self)


def consistent(scene: Scene) -> None:
    """Assert that the state is consistent."""
    state = scene.state
    assert state is not None
    for group in (state.starts, state.cancellations, state.witnesses):
        places = [(known.event.occurred, known.event.id) for known in group]
        assert places == sorted(set(places))
    assert [end.turn for end in state.ends] == sorted({end.turn for end in state.ends})
    units = [known.event.said.unit for known in state.witnesses if isinstance(known.event.said, Phase)]
    assert len(units) == len(set(units))
    assert state.due is not None
    lives, homeless = assemble(state, scene.clock, scene.rules)
    held = [known.event.id for life in lives for known in life.events] + [known.event.id for known in homeless]
    assert sorted(held) == sorted(
        known.event.id for known in (*state.starts, *state.ends, *state.cancellations, *state.witnesses)
    )


def only_to_be_forgotten(scene: Scene) -> None:
    """Assert that a resting state can be dropped unread when it is due, and nothing is lost."""
    assert scene.state is not None
    state = core.decode(core.encode(scene.state))
    assert state.due is not None
    decision = core.on_watermark(state, state.due + MICROSECOND, scene.rules)
    assert (decision.state, decision.lifecycles, decision.unclaimed, decision.silent) == (None, (), 0, 0)


def well_formed(lifecycle: Lifecycle) -> None:
    """Assert that a record is well formed."""
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
    by_witnesses(lifecycle)


def by_witnesses(lifecycle: Lifecycle) -> None:
    """Assert that what witnesses said is where it belongs, and that no record consists of witnesses alone."""
    start, end = lifecycle.start, lifecycle.end
    heard: dict[str, Event] = {}
    for name, role in WITNESSES.items():
        event = getattr(lifecycle, name)
        if event is not None:
            heard[name] = event
            assert event.role is role
            assert start is not None, "witnesses open nothing"
    assert lifecycle.ended_by is (None if end is None else SPEAKERS[end.role])
    if end is not None and end.role is not Role.END:
        assert end in heard.values()
    if start is None:
        assert end is None or end.role is Role.END
    if "phase" in heard:
        said = heard["phase"].said
        assert isinstance(said, Phase)
        assert said.exit is not None
        assert lifecycle.ended_by is not EndedBy.FLOW_RUN, "the infrastructure's word is better"
    cancelled = lifecycle.cancellation
    if cancelled is not None and cancelled.role is not Role.CANCELLATION:
        assert cancelled is heard["state"]
        assert isinstance(cancelled.said, State)
    state = heard.get("state")
    if state is not None and isinstance(state.said, State) and state.said.type is StateType.CANCELLED:
        assert lifecycle.outcome is Outcome.CANCELLED
