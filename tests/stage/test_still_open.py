"""What is open, known without decoding the table's entries: the same as decoding them says."""

import random

import pytest

from correlator import core
from correlator.event import Details, Event, Kind, Role
from correlator.stage.still_open import StillOpen

RULES = core.Rules()
SILENT = Details()
HOUR = 3_600_000_000


def decided(
    state: core.SubjectState | None,
    role: Role,
    number: int,
    occurred: int,
    follows: str | None = None,
    subject: str = "run",
) -> core.SubjectState | None:
    """The subject's state after an event."""
    event = Event(role, f"id-{number}", occurred, "w", follows)
    known = state or core.SubjectState(Kind.FLOW_RUN, subject, SILENT)
    return core.on_event(known, event, SILENT, occurred, occurred, RULES).state


def test_a_subject_opens_and_closes():
    still_open = StillOpen()
    assert (still_open.lifecycles, still_open.oldest) == (0, None)
    state = decided(None, Role.START, 1, 5)
    still_open.set(b"run", state)
    assert (still_open.lifecycles, still_open.oldest) == (1, 5)
    state = decided(state, Role.END, 2, 9, "id-1")
    still_open.set(b"run", state)
    assert (still_open.lifecycles, still_open.oldest) == (0, None)
    still_open.set(b"run", None)
    assert still_open.lifecycles == 0


def test_the_oldest_come_first():
    still_open = StillOpen()
    for number, occurred in enumerate([30, 10, 20, 40]):
        still_open.set(b"%d" % number, decided(None, Role.START, number, occurred, subject=f"run-{number}"))
    assert still_open.oldest_keys(3) == [b"1", b"2", b"0"]
    assert still_open.oldest == 10


@pytest.mark.parametrize("seed", range(20))
def test_it_says_what_the_states_say(seed):
    rng, now = random.Random(seed), HOUR
    still_open, states = StillOpen(), dict[bytes, core.SubjectState | None]()
    for number in range(300):
        now += rng.randrange(HOUR // 10)
        key = b"run-%d" % rng.randrange(5)
        role = rng.choice([Role.START, Role.START, Role.END, Role.CANCELLATION])
        started = [start.event.id for start in state.starts] if (state := states.get(key)) else []
        follows = rng.choice([*started, None]) if role is Role.END else None
        states[key] = decided(state, role, number, now, follows, key.decode())
        still_open.set(key, states[key])
        starts = [start for state in states.values() if state for start in state.starts if start.version is None]
        assert still_open.lifecycles == len(starts)
        assert still_open.oldest == min((start.event.occurred for start in starts), default=None)
