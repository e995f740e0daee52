"""The records between intake and correlate: the same event on both sides, and no surprise for any bytes."""

import contextlib
from enum import StrEnum

import msgspec
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from correlator import prefect
from correlator.event import (
    Details,
    Event,
    Exit,
    Infrastructure,
    Kind,
    Named,
    Phase,
    Role,
    Runner,
    State,
    StateType,
    Worker,
)
from correlator.wire import VERSION, ForeignWire, Forwarded, Tick, UnreadableWire, decode, encode
from tests.prefect.events import OURS, READING, raw

KEY = b"prefect.worker.process.w"
START = Forwarded(
    Kind.WORKER,
    Event(Role.START, "id", 5, KEY.decode()),
    Details(worker=Worker(KEY.decode(), "w", None, "3")),
    arrived=4,
    raw_partition=3,
    raw_partitions=8,
    clock=9,
)
SAID = State(StateType.FAILED, "OutOfMoney")
FULL = Forwarded(
    Kind.FLOW_RUN,
    Event(Role.END, "id", 5, "worker", "before", True, Infrastructure("pod", -9, Exit.FAILED, "OOM"), True, SAID),
    Details(
        "name",
        Named("f", "flow"),
        Named("d", None),
        Named("p", "pool"),
        Worker("worker", "w", "process", "3"),
        Runner("runner", "r", "3"),
        ("a", "é"),
    ),
    arrived=4,
    raw_partition=3,
    raw_partitions=8,
    clock=None,
)
"""An event with every field set to a value other than its default."""
PHASE = replace(FULL, event=replace(FULL.event, said=Phase("pod", "etl-x1", Exit.EVICTED, "OOM")))
TICK = Tick(3, 8, 99)


@pytest.mark.parametrize("said", OURS.values(), ids=OURS)
@pytest.mark.parametrize("clock", [None, 0, 1_795_448_301_737_255])
def test_an_event_arrives_as_it_was(said, clock):
    decoded = prefect.decode(raw(said), READING)
    forwarded = Forwarded(decoded.kind, decoded.event, decoded.details, 4, 3, 8, clock)
    assert decode(decoded.subject.encode(), encode(forwarded)) == forwarded


times, partitions = st.integers(0, 2**62), st.integers(0, 10_000)
texts = st.none() | st.text(max_size=5)
exits = st.none() | st.sampled_from(Exit)
events = st.builds(
    Event,
    role=st.sampled_from(Role),
    occurred=times,
    worker=texts,
    follows=texts,
    truncated=st.booleans(),
    infrastructure=st.none()
    | st.builds(Infrastructure, texts, st.none() | st.integers(-(10**10), 10**10), exits, texts),
    detached=st.booleans(),
    said=st.none()
    | st.builds(State, st.sampled_from(StateType), texts)
    | st.builds(Phase, st.text(max_size=5), texts, exits, texts),
)
details = st.builds(
    Details,
    *(texts, *[st.none() | st.builds(Named, st.text(max_size=5), texts)] * 3),
    st.none() | st.builds(Worker, st.text(max_size=5), texts, texts, texts),
    st.none() | st.builds(Runner, st.text(max_size=5), texts, texts),
    st.lists(st.text(max_size=5), max_size=3).map(tuple),
)


@given(
    st.builds(Forwarded, st.sampled_from(Kind), events, details, times, partitions, partitions, clock=st.none() | times)
)
@example(FULL)
@example(PHASE)
def test_any_event_arrives_as_it_was(forwarded):
    assume(forwarded.kind is not Kind.WORKER or forwarded.event.role in {Role.START, Role.END})
    assert decode(KEY, encode(forwarded)) == forwarded


def test_kind_and_role_arrive_as_themselves():
    forwarded = decode(KEY, encode(START))
    assert isinstance(forwarded, Forwarded)
    assert forwarded.kind is Kind.WORKER
    assert forwarded.event.role is Role.START
    assert isinstance(forwarded.kind, StrEnum)


@given(partitions, partitions, times)
def test_a_tick_has_no_key(partition, partitions, clock):
    assert decode(None, encode(Tick(partition, partitions, clock))) == Tick(partition, partitions, clock)


def test_it_is_an_array_behind_a_version_without_the_subject():
    assert msgspec.msgpack.decode(encode(START)) == [
        2,
        "worker-uptime",
        ["start", "id", 5, KEY.decode(), None, False, None, False, None],
        [None, None, None, None, {"id": KEY.decode(), "name": "w", "type": None, "version": "3"}, None, []],
        4,
        3,
        8,
        9,
    ]
    assert msgspec.msgpack.decode(encode(TICK)) == [2, 3, 8, 99]


@pytest.mark.parametrize(
    "said, told",
    [(FULL, ["state", "FAILED", "OutOfMoney"]), (PHASE, ["phase", "pod", "etl-x1", "evicted", "OOM"])],
    ids=["a state", "a phase"],
)
def test_what_a_witness_says_is_an_array_behind_what_it_is(said, told):
    assert msgspec.msgpack.decode(encode(said))[2][8] == told


def paths(value, at=()):
    """The paths of all fields, nested ones included."""
    for place, part in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*at, place)
        if isinstance(part, list | dict):
            yield from paths(part, (*at, place))


def changed(value, path, change):
    """The value with the item at a path replaced by the items of the list that ``change`` returns."""
    place, *rest = path
    now = [changed(value[place], rest, change)] if rest else change(value[place])
    if isinstance(value, list):
        return [*value[:place], *now, *value[place + 1 :]]
    others = {key: part for key, part in value.items() if key != place}
    return others | {f"{place}{'+' * number}": part for number, part in enumerate(now)}


WHOLE = {
    "an event": (KEY, msgspec.msgpack.decode(encode(FULL))),
    "a phase": (KEY, msgspec.msgpack.decode(encode(PHASE))),
    "a tick": (None, msgspec.msgpack.decode(encode(TICK))),
}
PLACES = [
    pytest.param(key, whole, path, id=f"{what} {path}") for what, (key, whole) in WHOLE.items() for path in paths(whole)
]
EVENT = WHOLE["an event"][1]


@pytest.mark.parametrize(
    "key, value, reason",
    [
        (KEY, None, "not an event: Input data was truncated"),
        (KEY, b"", "not an event: Input data was truncated"),
        (None, None, "not a tick: Input data was truncated"),
        (None, b"", "not a tick: Input data was truncated"),
        (KEY, b"\xc1", "not an event: MessagePack data is malformed"),  # the one byte that MessagePack does not use
        (KEY, encode(FULL)[:-1], "not an event: Input data was truncated"),
        (KEY, encode(FULL) + b"\0", "not an event: MessagePack data is malformed: trailing characters"),
        (KEY, b'[1,"worker start","id",5]', "not an event: Expected `array`, got `int`"),
        (KEY, msgspec.msgpack.encode({}), "not an event: Expected `array`, got `object`"),
        (KEY, msgspec.msgpack.encode({1: EVENT}), "not an event: Expected `array`, got `object`"),
        (KEY, msgspec.msgpack.encode([]), "not an event: Expected `array` of at least length"),
        (KEY, msgspec.msgpack.encode("12345678901"), "not an event: Expected `array`, got `str`"),
        (KEY, msgspec.msgpack.encode(["1", *EVENT[1:]]), r"not an event: Expected `int`, got `str` - at `\$\[0\]`"),
        (KEY, msgspec.msgpack.encode([True, *EVENT[1:]]), r"not an event: Expected `int`, got `bool` - at `\$\[0\]`"),
        (KEY, msgspec.msgpack.encode([1.0, *EVENT[1:]]), r"not an event: Expected `int`, got `float` - at `\$\[0\]`"),
        (KEY, msgspec.msgpack.encode([0, *EVENT[1:]]), "not an event: no release wrote version 0"),
        (KEY, msgspec.msgpack.encode([-1]), "not an event: no release wrote version -1"),
        (None, msgspec.msgpack.encode([0, 1, 2, 3]), "not a tick: no release wrote version 0"),
        (KEY, msgspec.msgpack.encode(EVENT[:-1]), "not an event: Expected `array` of at least length"),
        (KEY, msgspec.msgpack.encode([*EVENT, None]), "not an event: Expected `array` of at most length"),
        (None, msgspec.msgpack.encode([VERSION, 3, 8]), "not a tick: Expected `array` of at least length"),
        (None, msgspec.msgpack.encode([VERSION, 3, 8, 99, 0]), "not a tick: Expected `array` of at most length"),
        (None, encode(FULL), "not a tick: "),
        (KEY, encode(TICK), "not an event: "),
        (b"\xff", encode(FULL), "the key is not UTF-8"),
        (KEY, msgspec.msgpack.encode([VERSION, "task-run-duration", *EVENT[2:]]), "not an event: Invalid enum value"),
        (
            KEY,
            msgspec.msgpack.encode([VERSION, ["worker-uptime"], *EVENT[2:]]),
            "not an event: Expected `str`, got `array`",
        ),
        (None, msgspec.msgpack.encode([VERSION, 1, 2, "3"]), "not a tick: Expected `int`, got `str`"),
        (None, msgspec.msgpack.encode([VERSION, True, 2, 3]), "not a tick: Expected `int`, got `bool`"),
        (None, msgspec.msgpack.encode([VERSION, 1, 2, None]), "not a tick: Expected `int`, got `None`"),
    ],
)
def test_what_this_version_cannot_have_written(key, value, reason):
    with pytest.raises(UnreadableWire, match=reason) as caught:
        decode(key, value)
    assert caught.value.__cause__ is None
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "key, value, what",
    [
        (KEY, [VERSION + 1, *EVENT[1:]], "an event"),
        (KEY, [VERSION - 1, *EVENT[1:]], "an event"),  # as 0.1.0 wrote it
        (None, [VERSION - 1, 3, 8, 99], "a tick"),
        (KEY, [VERSION + 1, {"another": "shape"}], "an event"),
        (KEY, [VERSION + 1], "an event"),
        (None, [VERSION + 1, 3, 8, 99], "a tick"),
        (None, [VERSION + 1, *EVENT[1:]], "a tick"),
    ],
)
def test_what_another_release_wrote_is_not_taken_for_damaged(key, value, what):
    with pytest.raises(ForeignWire, match=rf"in version [13]: this one reads {what} of version 2 alone"):
        decode(key, msgspec.msgpack.encode(value))


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.START, Role.END)])
def test_a_worker_starts_and_ends_and_no_more(role):
    """Anything else has no name in Prefect's words, so that counting it fails."""
    with pytest.raises(UnreadableWire, match=f"not an event: a worker has no {role}"):
        decode(KEY, msgspec.msgpack.encode([VERSION, "worker-uptime", [role, *EVENT[2][1:]], *EVENT[3:]]))


@pytest.mark.parametrize(
    "said, reason",
    [
        (["states", "FAILED", "Failed"], "Invalid value 'states'"),
        (["state", "PENDING", "Pending"], "Invalid enum value 'PENDING'"),
        (["state", "FAILED"], "Expected `array` of at least length"),
        (["state", "FAILED", "Failed", 1], "Expected `array` of at most length"),
        (["phase", "pod", "name", "pending", None], "Invalid enum value 'pending'"),
        (["phase", None, "name", "failed", None], "Expected `str`, got `null`|Expected `str`, got `None`"),
        (["phase", "pod", "name", "failed"], "Expected `array` of at least length"),
        ("FAILED", "Expected `array | null`|Expected `array`|got `str`"),
        ([], "Expected `array` of at least length"),
        ({"what": "state"}, "Expected `array"),
    ],
)
def test_what_no_witness_says(said, reason):
    with pytest.raises(UnreadableWire, match=reason):
        decode(KEY, msgspec.msgpack.encode([*EVENT[:2], [*EVENT[2][:8], said], *EVENT[3:]]))


def test_a_reason_is_short():
    """The reason travels in a dead letter's header, so it must be short."""
    with pytest.raises(UnreadableWire, match="not an event: Invalid enum value") as caught:
        decode(KEY, msgspec.msgpack.encode([VERSION, "x" * 10_000, *EVENT[2:]]))
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("key, whole, path", PLACES)
def test_every_field_is_of_its_type(key, whole, path):
    for other in (1.5, b"bytes", {"": 1}, [[[]]]):
        with pytest.raises(UnreadableWire):
            decode(key, msgspec.msgpack.encode(changed(whole, path, lambda _, other=other: [other])))


@pytest.mark.parametrize("key, whole, path", PLACES)
def test_every_field_is_there_and_no_other(key, whole, path):
    """What is missing is not taken for what comes after it."""
    with pytest.raises(UnreadableWire):
        decode(key, msgspec.msgpack.encode(changed(whole, path, lambda part: [part, 1.5])))
    with contextlib.suppress(UnreadableWire, ForeignWire):
        read = decode(key, msgspec.msgpack.encode(changed(whole, path, lambda _: [])))
        assert read != decode(key, msgspec.msgpack.encode(whole))


@pytest.mark.parametrize(
    "path, reason",
    [
        *(((place,), "at most length") for place in (2, 3)),
        *((path, "unknown field `new`") for path in ((2, 6), (3, 1), (3, 4), (3, 5))),
    ],
)
def test_what_is_newer_within_a_version_is_refused(path, reason):
    """A release that adds a field raises the version: one that did not is damage, wherever the field is."""
    more = changed(EVENT, path, lambda part: [[*part, None] if isinstance(part, list) else {**part, "new": 1}])
    with pytest.raises(UnreadableWire, match=reason):
        decode(KEY, msgspec.msgpack.encode(more))


scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(max_size=5)
values = st.recursive(scalars | st.binary(max_size=3), lambda inner: st.lists(inner, max_size=8), max_leaves=20)


@given(
    st.none() | st.binary(max_size=4),
    st.binary(max_size=20)
    | st.lists(values, max_size=13).map(lambda fields: msgspec.msgpack.encode([VERSION, *fields])),
)
def test_any_bytes(key, value):
    with contextlib.suppress(UnreadableWire, ForeignWire):
        decode(key, value)


@given(st.sampled_from(PLACES), values)
def test_any_value_in_place_of_any_field(place, value):
    """Any value is refused, or read as something that can be written again."""
    key, whole, path = place.values
    with contextlib.suppress(UnreadableWire, ForeignWire):
        read = decode(key, msgspec.msgpack.encode(changed(whole, path, lambda _: [value])))
        assert decode(key, encode(read)) == read
