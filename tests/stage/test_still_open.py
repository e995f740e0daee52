"""The open lifecycles, known without decoding the table's entries, are the same as decoding them shows."""

import random
from collections import Counter

import pytest
from msgspec.structs import replace

from correlator import core
from correlator.event import Details, Event, Kind, Named, Role
from correlator.stage import pools, still_open
from correlator.stage.open_pool import GROUP_SPAN, MAX_STALE, OpenPool
from correlator.stage.still_open import Open, StillOpen, merged

RULES = core.Rules()
HOUR, DAY = 3_600_000_000, 86_400_000_000


def of(pool: str | None) -> Details:
    return Details(work_pool=None if pool is None else Named("4f323b80-474c-4afd-bb80-cb17d645d2eb", pool))


def decided(
    state: core.SubjectState | None,
    role: Role,
    number: int,
    occurred: int,
    follows: str | None = None,
    *,
    kind: Kind = Kind.FLOW_RUN,
    subject: str = "run",
    pool: str | None = "a",
    watermark: int | None = None,
) -> core.SubjectState | None:
    """The subject's state after an event."""
    event = Event(role, f"id-{number}", occurred, "w", follows)
    known = state or core.SubjectState(kind, subject, of(pool))
    return core.on_event(known, event, of(pool), occurred, watermark or occurred, RULES).state


def started(occurred: int, pool: str | None = "a") -> core.SubjectState | None:
    return decided(None, Role.START, 1, occurred, pool=pool)


RUN = started(5)
AGAIN = decided(started(5), Role.START, 2, 9)
ELSEWHERE = decided(started(5), Role.START, 2, 9, pool="b")
SUPERSEDED = core.on_watermark(decided(started(5), Role.START, 2, 9, pool="b"), DAY, RULES).state


LIVES = {
    "nothing": ([], {}),
    "a run is submitted": ([RUN], {"a": (1, 5)}),
    "and told of again": ([RUN, RUN], {"a": (1, 5)}),
    "it ends": ([RUN, decided(started(5), Role.END, 2, 9, "id-1")], {}),
    "and its end without a pool": ([RUN, decided(started(5), Role.END, 2, 9, "id-1", pool=None)], {}),
    "it is forgotten": ([RUN, None], {}),
    "it is cancelled, and has not ended": (
        [RUN, decided(started(5), Role.CANCELLATION, 2, 9, pool=None)],
        {"a": (1, 5)},
    ),
    "a cancellation without a pool came first": (
        [decided(decided(None, Role.CANCELLATION, 1, 4, pool=None), Role.START, 2, 5)],
        {"a": (1, 5)},
    ),
    "it is lost": ([RUN, core.on_watermark(started(5), 8 * DAY, RULES).state], {}),
    "it is submitted twice": ([RUN, AGAIN], {"a": (2, 5)}),
    "and to another pool": ([RUN, ELSEWHERE], {"a": (1, 5), "b": (1, 9)}),
    "which supersedes the first": ([RUN, ELSEWHERE, SUPERSEDED], {"b": (1, 9)}),
    "and both are forgotten": ([ELSEWHERE, None], {}),
    "it is another pool's than it was": ([RUN, started(7, "b")], {"b": (1, 7)}),
    "it began at another time": ([RUN, started(DAY)], {"a": (1, DAY)}),
    "a late end finds what was lost, and amends it": (
        [decided(core.on_watermark(started(5), 8 * DAY, RULES).state, Role.END, 2, 9, "id-1", watermark=8 * DAY)],
        {},
    ),
    "no pool": ([started(5, None)], {"<none>": (1, 5)}),
    "a pool without a name": ([started(5, "")], {"<none>": (1, 5)}),
    "a megabyte of a name": ([started(5, "x" * 1_000_000)], {"x" * 200: (1, 5)}),
}


@pytest.mark.parametrize("states, expected", LIVES.values(), ids=LIVES)
def test_a_subject_through_its_life(states, expected):
    known = StillOpen()
    for state in states:
        known.set(b"run", state)
    assert dict(known.by_pool()) == expected
    assert known.oldest_keys(3) == ([b"run"] if expected else [])


def test_pools_are_told_together():
    several = [("a", Open(1, 5)), ("b", Open(2, 3)), ("a", Open(4, 2))]
    assert merged(several) == {"a": (5, 2), "b": (2, 3)}


def test_the_oldest_come_first_and_the_last_of_them_with_all_that_began_about_then():
    known = StillOpen()
    for number, occurred in enumerate([300, 100, 200, 401, 409, 500]):
        key = f"run-{number}"
        began = occurred * 1_000_000
        known.set(key.encode(), decided(None, Role.START, number, began, subject=key, pool=f"p-{number % 2}"))
    assert known.oldest_keys(2) == [b"run-1", b"run-2"]
    assert set(known.oldest_keys(4)) == {b"run-0", b"run-1", b"run-2", b"run-3", b"run-4"}


def test_a_crowd_is_not_looked_at_whole():
    known = StillOpen()
    for number in range(3 * still_open.MAX_CANDIDATES):
        known.set(b"%02d" % number, started(number + (GROUP_SPAN if number else 0)))
    found = known.oldest_keys(2)
    assert b"00" in found
    assert len(found) == 2 * still_open.MAX_CANDIDATES


@pytest.mark.parametrize("seed", range(20))
def test_it_says_what_the_states_say(seed):
    rng, now = random.Random(seed), HOUR
    known, states, told = StillOpen(), dict[bytes, core.SubjectState | None](), dict[str, str]()
    for number in range(300):
        now += rng.randrange(HOUR // 10)
        key = b"run-%d" % rng.randrange(5)
        role = rng.choice([Role.START, Role.START, Role.END, Role.CANCELLATION])
        ids = [start.event.id for start in state.starts] if (state := states.get(key)) else []
        follows = rng.choice([*ids, None]) if role is Role.END else None
        pool = rng.choice(["a", "b", None])
        states[key] = decided(state, role, number, now, follows, subject=key.decode(), pool=pool)
        known.set(key, states[key])
        told[f"id-{number}"] = pools.NONE if pool is None else pool
        open_ = [start.event for state in states.values() if state for start in state.starts if start.version is None]
        found = dict(known.by_pool())
        assert {name: it.lifecycles for name, it in found.items()} == Counter(told[start.id] for start in open_)
        for name, it in found.items():
            oldest = min(start.occurred for start in open_ if told[start.id] == name)
            assert 0 <= oldest - it.oldest < GROUP_SPAN


def test_pools_beyond_the_bound_are_one_while_there_is_no_room(monkeypatch):
    monkeypatch.setattr(still_open, "MAX_POOLS", 2)
    known = StillOpen()
    for number, pool in enumerate("abcda"):
        known.set(b"%d" % number, started(DAY + number, pool))
    assert dict(known.by_pool()) == {"a": (2, DAY), "b": (1, DAY + 1), "<other>": (2, DAY + 2)}
    known.set(b"1", None)
    known.set(b"2", started(DAY + 2, "c"))
    assert dict(known.by_pool()) == {"a": (2, DAY), "<other>": (2, DAY + 2)}, "the other pool is one of them"
    known.set(b"2", None)
    known.set(b"3", None)
    known.set(b"5", started(DAY, "c"))
    assert dict(known.by_pool()) == {"a": (2, DAY), "c": (1, DAY)}


@pytest.mark.parametrize("seed", range(5))
def test_a_pool_says_when_its_oldest_began_whatever_comes_and_goes(seed):
    rng, pool, there = random.Random(seed), OpenPool("a"), []
    for _ in range(3000):
        if there and rng.random() < 0.5:
            pool.remove(there.pop(rng.randrange(len(there)))[1])
        else:
            began = rng.randrange(100 * GROUP_SPAN)
            there.append((began, pool.add(began)))
        assert pool.lifecycles == len(there)
        if there:
            assert 0 <= min(began for began, _ in there) - pool.oldest < GROUP_SPAN


def test_what_came_and_went_beside_one_that_hangs_is_not_remembered():
    pool = OpenPool("a")
    pool.add(0)
    for number in range(1, 10_000):
        pool.remove(pool.add(number * GROUP_SPAN))
    assert len(pool._heap) <= 2 * MAX_STALE


def test_a_look_takes_no_longer_for_a_million():
    """Measured by the groups that a look visits, not in seconds."""
    known, state = StillOpen(), started(DAY)
    (start,) = state.starts
    for number in range(1_000_000):
        start.event = replace(start.event, occurred=DAY + number * 1000)
        known.set(b"%d" % number, state)
    assert dict(known.by_pool()) == {"a": (1_000_000, DAY)}
    (pool,) = known._pools.values()
    assert len(pool.groups) == 100, "a group each 10 seconds"
