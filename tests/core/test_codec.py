"""A subject's state as the table holds it."""

import copy
from contextlib import suppress

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from correlator.core import NewerState, SubjectState, UnreadableState, decode, encode
from correlator.event import Kind
from tests.core.cases import CASES
from tests.core.scenes import Scene, cancel, end, rules, start, until

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def states() -> list[bytes]:
    """States of every kind: those that the cases come by."""
    values = set()
    for case in CASES:
        scene = Scene(case.kind, case.rules)
        for step in case.steps:
            scene.play([step])
            if scene.state is not None:
                values.add(encode(scene.state))
    return sorted(values)


VALUES = states()


def same(one: SubjectState, other: SubjectState) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in ("kind", "subject", "due")) and all(
        [(type(known), *(getattr(known, slot) for slot in _slots(known))) for known in getattr(one, name)]
        == [(type(known), *(getattr(known, slot) for slot in _slots(known))) for known in getattr(other, name)]
        for name in ("starts", "ends", "cancellations")
    )


def _slots(known) -> list[str]:
    return [slot for class_ in type(known).__mro__ for slot in getattr(class_, "__slots__", ())]


def is_refused_or_read(value: bytes) -> None:
    """No exception but the declared ones; and what is read can be written, and read as the same."""
    try:
        state = decode(value)
    except (UnreadableState, NewerState):
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


def test_details_come_back_as_they_were():
    said = start("a", 0).event(Kind.FLOW_RUN, "s")
    details = {"tags": ["é", "\u0000"], "flow": {"id": "1", "name": None}, "infrastructure": {"status_code": -1}}
    scene = Scene()
    scene.say(said._replace(details=details, truncated=True))
    assert scene.state is not None
    assert scene.state.starts[0].event == said._replace(details=details, truncated=True)


@pytest.mark.parametrize("value", [b"[2]", b"[2,{}]", b'[99,"worker-uptime","s",null,[],[],[]]'])
def test_a_newer_release_s_state_is_refused_by_name(value):
    with pytest.raises(NewerState, match=r"version \d+: this one reads a state up to version 1"):
        decode(value)


@pytest.mark.parametrize(
    "value",
    [
        b"", b"null", b"1", b"{}", b"[]", b'"1"', b"[1]", b"[null]", b"[true]", b"[1.0]", b"[2.5]", b'["2"]', b"[0]",
        b"[-1]", b"\xff\xfe", b"[" * 1_000_000, b"[" * 1000 + b"]" * 1000, b"[1,",
        b'[1,"worker-uptime","s",null,[],[]]',
        b'[1,"worker-uptime","s",null,[],[],[],[]]',
        b'[1,"another-kind","s",null,[],[],[]]',
        b'[1,[],"s",null,[],[],[]]',
        b'[1,"worker-uptime",null,null,[],[],[]]',
        b'[1,"worker-uptime","s",true,[],[],[]]',
        b'[1,"worker-uptime","s",1.5,[],[],[]]',
        b'[1,"worker-uptime","s",null,null,[],[]]',
        b'[1,"worker-uptime","s",null,[[]],[],[]]',
        b'[1,"worker-uptime","s",null,["12345678901234"],[],[]]',
    ],
)  # fmt: skip
def test_what_is_no_state_is_refused(value):
    with pytest.raises(UnreadableState):
        decode(value)


@pytest.mark.parametrize("value", VALUES[:: len(VALUES) // 12], ids=range(len(VALUES[:: len(VALUES) // 12])))
def test_every_field_of_another_type_is_refused_or_read(value):
    """Each place in a state, with each of some values there."""
    fields = orjson.loads(value)
    for path in _paths(fields):
        for other in (None, True, 0, -1, 1.5, 2**64, "", "s", "completed", [], [None], {}, {"a": 1}):
            changed = copy.deepcopy(fields)
            place = changed
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] = other
            try:
                is_refused_or_read(orjson.dumps(changed))
            except orjson.JSONEncodeError:
                continue  # 2**64
            place.pop(path[-1])
            is_refused_or_read(orjson.dumps(changed))


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
@given(JSON)
def test_json(value):
    with suppress(orjson.JSONEncodeError):  # an integer of more than 64 bits
        is_refused_or_read(orjson.dumps(value))


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
    fields = orjson.loads(value)
    place = fields
    for _ in range(data.draw(st.integers(0, 4))):
        inner = [
            item for item in (place.values() if isinstance(place, dict) else place) if isinstance(item, list) and item
        ]
        if not inner:
            break
        place = data.draw(st.sampled_from(inner))
    at = data.draw(st.integers(0, len(place) - 1))
    place[at] = data.draw(JSON)
    with suppress(orjson.JSONEncodeError):
        is_refused_or_read(orjson.dumps(fields))


def test_an_ended_lifecycle_takes_few_bytes():
    scene = Scene(rules_=rules()).play([start("a" * 36, 0), cancel("c" * 36, 1), end("x" * 36, 2, "a" * 36), until(3)])
    assert scene.state is not None
    assert len(encode(scene.state)) < 1000
