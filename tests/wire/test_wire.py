"""What intake hands to correlate: the same event on both sides, and no surprise for any bytes."""

import contextlib
from enum import StrEnum

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator import prefect
from correlator.event import Event, Kind, Role
from correlator.wire import VERSION, Forwarded, NewerWire, Tick, UnreadableWire, decode, encode_event, encode_tick
from tests.prefect.events import OURS, raw

START = Event(Kind.WORKER, Role.START, "id", "prefect.worker.process.w", 5, "prefect.worker.process.w", None, False, {})
KEY = START.subject.encode()


@pytest.mark.parametrize("said", OURS.values(), ids=OURS)
@pytest.mark.parametrize("clock", [None, 0, 1_795_448_301_737_255])
def test_an_event_arrives_as_it_was(said, clock):
    event = prefect.decode(raw(said), 1000).event
    assert decode(event.subject.encode(), encode_event(Forwarded(event, 4, 3, 8, clock))) == Forwarded(
        event, 4, 3, 8, clock
    )


@given(st.builds(Event, details=st.just({"tags": ["é"]}), occurred=st.integers(0, 2**62)), st.integers(0, 10_000))
def test_any_event_arrives_as_it_was(event, partition):
    if (event.kind, event.role) != (Kind.WORKER, Role.CANCELLATION):
        assert decode(event.subject.encode(), encode_event(Forwarded(event, 4, partition, 10_001, 7))).event == event


def test_kind_and_role_arrive_as_themselves():
    forwarded = decode(KEY, encode_event(Forwarded(START, 4, 0, 1, None)))
    assert isinstance(forwarded, Forwarded)
    assert forwarded.event.kind is Kind.WORKER
    assert forwarded.event.role is Role.START
    assert isinstance(forwarded.event.kind, StrEnum)


@pytest.mark.parametrize("key", [None, b"whatever"])
def test_a_tick_needs_no_key(key):
    assert decode(key, encode_tick(3, 8, 99)) == Tick(3, 8, 99)


def test_it_is_an_array_behind_a_version_without_the_subject():
    assert orjson.loads(encode_event(Forwarded(START, 4, 3, 8, 9))) == [
        1,
        "worker start",
        "id",
        5,
        "prefect.worker.process.w",
        None,
        False,
        {},
        4,
        3,
        8,
        9,
    ]
    assert orjson.loads(encode_tick(3, 8, 9)) == [1, "tick", 3, 8, 9]


WHOLE = orjson.loads(encode_event(Forwarded(START, 4, 3, 8, 9)))


@pytest.mark.parametrize(
    "key, value, reason",
    [
        (KEY, None, "not JSON"),
        (KEY, b"", "not JSON"),
        (KEY, b"{", "not JSON"),
        (KEY, b"{}", "not a list that begins with a version"),
        (KEY, b"[]", "not a list that begins with a version"),
        (KEY, b'"12345678901"', "not a list that begins with a version"),
        (KEY, orjson.dumps(["1", *WHOLE[1:]]), "not a list that begins with a version"),
        (KEY, orjson.dumps([True, *WHOLE[1:]]), "not a list that begins with a version"),
        (KEY, orjson.dumps([VERSION - 1, *WHOLE[1:]]), "no release wrote version 0"),
        (KEY, orjson.dumps(WHOLE[:-1]), "neither an event nor a tick"),
        (None, orjson.dumps(WHOLE), "not an event: a field is of another type, or there is no key"),
        (b"\xff", orjson.dumps(WHOLE), "the key is not UTF-8"),
        (KEY, orjson.dumps([1, "worker cancellation", *WHOLE[2:]]), "not an event"),
        (KEY, orjson.dumps([1, ["worker start"], *WHOLE[2:]]), "not an event"),
        (KEY, b'[1,"tick",1,2,"3"]', "not a tick: a field is of another type"),
        (KEY, b'[1,"tick",true,2,3]', "not a tick: a field is of another type"),
        (KEY, b'[1,"tock",1,2,3]', "not a tick: a field is of another type"),
    ],
)
def test_what_this_version_cannot_have_written(key, value, reason):
    with pytest.raises(UnreadableWire, match=reason):
        decode(key, value)


def test_what_a_newer_release_wrote_is_not_taken_for_damaged():
    with pytest.raises(NewerWire, match="in version 2: this one reads an event or a tick up to version 1"):
        decode(KEY, orjson.dumps([VERSION + 1, *WHOLE[1:]]))


@pytest.mark.parametrize("field", range(2, len(WHOLE)))
def test_every_field_is_of_its_type(field):
    with pytest.raises(UnreadableWire):
        decode(KEY, orjson.dumps([*WHOLE[:field], 1.5, *WHOLE[field + 1 :]]))


scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(max_size=5)


@given(
    st.none() | st.binary(max_size=4),
    st.binary(max_size=20) | st.lists(scalars, max_size=13).map(lambda fields: orjson.dumps([1, *fields])),
)
def test_any_bytes(key, value):
    with contextlib.suppress(UnreadableWire, NewerWire):
        decode(key, value)
