"""What is open, known without decoding the table's entries: the same as decoding them says."""

import random

import pytest

from correlator import core
from correlator.event import Event, Kind, Role
from correlator.stage.still_open import StillOpen

RULES = core.Rules()
HOUR = 3_600_000_000


def event(role: Role, number: int, occurred: int, follows: str | None = None, subject: str = "run") -> Event:
    return Event(Kind.FLOW_RUN, role, f"id-{number}", subject, occurred, "w", follows, False, {})


def test_a_subject_opens_and_closes():
    still_open = StillOpen()
    assert (still_open.lifecycles, still_open.oldest) == (0, None)
    state = core.on_event(None, event(Role.START, 1, 5), 5, 5, RULES).state
    still_open.set(b"run", state)
    assert (still_open.lifecycles, still_open.oldest) == (1, 5)
    state = core.on_event(state, event(Role.END, 2, 9, "id-1"), 9, 9, RULES).state
    still_open.set(b"run", state)
    assert (still_open.lifecycles, still_open.oldest) == (0, None)
    still_open.set(b"run", None)
    assert still_open.lifecycles == 0


def test_the_oldest_come_first():
    still_open = StillOpen()
    for number, occurred in enumerate([30, 10, 20, 40]):
        start = event(Role.START, number, occurred, subject=f"run-{number}")
        still_open.set(b"%d" % number, core.on_event(None, start, occurred, occurred, RULES).state)
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
        decided = core.on_event(state, event(role, number, now, follows, key.decode()), now, now, RULES)
        states[key] = decided.state
        still_open.set(key, decided.state)
        starts = [start for state in states.values() if state for start in state.starts if start.shown is None]
        assert still_open.lifecycles == len(starts)
        assert still_open.oldest == min((start.event.occurred for start in starts), default=None)
