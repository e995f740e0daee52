"""A subject's state as the table holds it."""

import copy
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import msgpack
from msgspec.structs import astuple, replace

from correlator.core import ForeignState, SubjectState, UnreadableState, decode, encode
from correlator.event import Details, Infrastructure, Named, Runner, Worker
from tests.core.cases import CASES
from tests.core.scenes import Scene, cancel, end, rules, start, until

ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def states() -> list[bytes]:
    """The states of every kind that occur in the cases."""
    values = set()
    for case in CASES:
        scene = Scene(case.kind, case.rules)
        for step in case.steps:
            scene.play([step])
            if scene.state is not None:
                values.add(encode(scene.state))
    return sorted(values)


VALUES = states()
packed = msgpack.encode
STATE = msgpack.decode(VALUES[0])


def changed(place: int, value: object) -> list[object]:
    """A state with another value at one place."""
    return [*STATE[:place], value, *STATE[place + 1 :]]


def same(one: SubjectState, other: SubjectState) -> bool:
    """Whether two states have equal fields: remembered events are otherwise compared by identity."""
    return all(getattr(one, name) == getattr(other, name) for name in ("kind", "subject", "details", "due")) and all(
        [(type(known), *astuple(known)) for known in getattr(one, name)]
        == [(type(known), *astuple(known)) for known in getattr(other, name)]
        for name in ("starts", "ends", "cancellations", "witnesses")
    )


def is_refused_or_read(value: bytes) -> None:
    """Assert that only declared exceptions are raised, and that what is read can be written, and read as the same."""
    try:
        state = decode(value)
    except (UnreadableState, ForeignState):
        return
    assert same(decode(encode(state)), state)


def test_there_are_states_of_every_kind():
    everything = b"".join(VALUES)
    for word in (
        b"superseded",
        b"lost",
        b"completed",
        b"cancelled",
        b"unmatched",
        b"follows",
        b"resource",
        b"worker-up",
    ):
        assert word in everything


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_state_comes_back_as_it_was(case):
    scene = Scene(case.kind, case.rules)
    for step in case.steps:
        scene.play([step])
        if scene.state is not None:
            assert same(decode(encode(scene.state)), scene.state)


TOLD = Details(
    flow_run_name="sly-fox",
    flow=Named("1", None),
    deployment=Named("2", "é"),
    worker=Worker("w", None, "process", None),
    runner=Runner("r", "", None),
    tags=("é", "\u0000"),
)


def test_what_events_tell_comes_back_as_it_was():
    ran = Infrastructure("job", -1)
    said = replace(start("a", 0).event, truncated=True, infrastructure=ran)
    scene = Scene()
    scene.say(said, TOLD)
    scene.say(end("x", 1, "a").event, TOLD)
    scene.say(cancel("!", 1.01).event, replace(TOLD, tags=()))
    assert scene.state is not None
    assert scene.state.starts[0].event == said
    assert scene.published[-1].told == (TOLD, replace(TOLD, tags=()))


def test_what_events_tell_alike_is_kept_once():
    """Rule A3."""
    scene = Scene()
    scene.say(start("a", 0).event, TOLD)
    scene.say(end("x", 1, "a").event, TOLD)
    assert scene.state is not None
    assert encode(scene.state).count(b"sly-fox") == 1


def test_a_state_that_has_been_forgotten_takes_what_is_told_next():
    scene = Scene()
    scene.say(cancel("!", 0).event, TOLD)
    scene.say(start("a", 500).event, Details("another"))
    assert scene.state is not None
    assert scene.state.details == Details("another")


@pytest.mark.parametrize("value", [packed([1]), packed([1, {}]), packed([3]), packed([99, "worker-uptime", "s"])])
def test_another_release_s_state_is_refused_by_name(value):
    with pytest.raises(ForeignState, match=r"version \d+: this one reads a state of version 2 alone"):
        decode(value)


@pytest.mark.parametrize(
    "value, reason",
    [
        (b"", "not a state: "),
        (b"[1,2,3]", "not a state: "),
        (b"\xff\xfe", "not a state: "),
        (b"\x91" * 1_000_000, "not a state: "),
        *((packed(fields), "not a state: ") for fields in (None, 1, {}, [], "1", [None], [True], [1.0], [2.5], ["2"])),
        (packed([0]), "no release wrote version 0"),
        (packed([-1]), "no release wrote version -1"),
        (packed([2]), "not a state: "),
        (VALUES[0][:-1], "not a state: "),
        (VALUES[0] + b"\x00", "not a state: "),
        (packed([*STATE, None]), "not a state: "),
        (packed(STATE[:3]), "not a state: "),
        (packed(changed(1, "another-kind")), "not a state: Invalid enum value 'another-kind'"),
        (packed(changed(1, [])), "not a state: "),
        (packed(changed(2, None)), "not a state: Expected `str`, got `None`"),
        (packed(changed(3, {"tags": []})), "not a state: Expected `array`, got `object`"),
        (packed(changed(4, None)), "not a state: "),
        (packed(changed(4, [[]])), "not a state: "),
        (packed(changed(8, True)), "not a state: "),
        (packed(changed(8, 1.5)), "not a state: "),
    ],
)
def test_what_is_no_state_is_refused(value, reason):
    with pytest.raises(UnreadableState, match=re.escape(reason)):
        decode(value)


@pytest.mark.parametrize("value", VALUES[:: len(VALUES) // 12], ids=range(len(VALUES[:: len(VALUES) // 12])))
def test_every_field_of_another_type_is_refused_or_read(value):
    """Every place in a state, with several values each."""
    fields = msgpack.decode(value)
    for path in _paths(fields):
        for other in (None, True, 0, -1, 1.5, 2**64 - 1, "", "s", "completed", [], [None], {}, {"a": 1}):
            changed = copy.deepcopy(fields)
            place = changed
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] = other
            is_refused_or_read(packed(changed))
            place.pop(path[-1])
            is_refused_or_read(packed(changed))


def _paths(value, path=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from _paths(inner, (*path, key))


FUZZ = settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])


@FUZZ
@given(st.binary())
def test_bytes(value):
    is_refused_or_read(value)


@FUZZ
@given(ANY)
def test_any_value(value):
    is_refused_or_read(packed(value))


@FUZZ
@given(st.sampled_from(VALUES), st.data())
def test_valid_states_with_bytes_changed(value, data):
    changed = bytearray(value)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(changed) - 1))
        changed[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
        if not changed:
            break
    is_refused_or_read(bytes(changed))


@FUZZ
@given(st.sampled_from(VALUES), st.data())
def test_valid_states_with_a_field_changed(value, data):
    fields = msgpack.decode(value)
    place = fields
    for _ in range(data.draw(st.integers(0, 4))):
        inner = [
            item for item in (place.values() if isinstance(place, dict) else place) if isinstance(item, list) and item
        ]
        if not inner:
            break
        place = data.draw(st.sampled_from(inner))
    at = data.draw(st.integers(0, len(place) - 1))
    place[at] = data.draw(ANY)
    is_refused_or_read(packed(fields))


def test_an_ended_lifecycle_takes_few_bytes():
    scene = Scene(rules_=rules()).play([start("a" * 36, 0), cancel("c" * 36, 1), end("x" * 36, 2, "a" * 36), until(3)])
    assert scene.state is not None
    assert len(encode(scene.state)) < 500
