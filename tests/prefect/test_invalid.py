"""Bytes that name one of our events but are not valid (rule I2): each with its reason, and no other exception for any
bytes.
"""

import contextlib
import random

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from correlator.prefect import InvalidEvent, decode
from tests.prefect.events import CANCELLED, OURS, READING, RUNNER, STARTED, SUBMITTED, WORKER, raw, with_label, without

NAME = b'{"event":"prefect.worker.started",'


@pytest.mark.parametrize(
    "value, reason",
    [
        (b"\xff" + raw(STARTED), "not UTF-8: invalid start byte at byte 0"),
        (raw(STARTED)[:-1], "not JSON: unexpected end of data at character"),
        (b"prefect.worker.started", "not JSON: unexpected character"),
        (NAME + b'"id":NaN}', "not JSON: unexpected character"),
        (NAME + b'"id":"\\ud800"}', "not JSON: "),
        (NAME + b'"payload":' + b"[" * 1_000_000, "not JSON: depth limit exceeded"),
        (b"[" + raw(STARTED) + b"]", "the value is a list, not an object"),
        (b'"prefect.worker.started"', "the value is 'prefect.worker.started', not an object"),
        (orjson.dumps({"value": STARTED}), "event is null, not a name"),
        (orjson.dumps({"event": ["prefect.worker.started"]}), "event is a list, not a name"),
        (raw(without(STARTED, "id")), "id is null, not a UUID"),
        (raw(STARTED, id="1"), "id is '1', not a UUID"),
        (raw(STARTED, id="x" * 500), f"id is '{'x' * 60}…', not a UUID"),
        (raw(STARTED, id=STARTED["id"].replace("-", "")), "id is '01a2"),
        (raw(STARTED, follows="x"), "follows is 'x', neither a UUID nor null"),
        (raw(STARTED, follows=False), "follows is a number or a truth value, neither a UUID nor null"),
        (raw(without(STARTED, "occurred")), "occurred is null, not an RFC 3339 time with offset, 1970 or later"),
        (raw(STARTED, occurred=1_795_448_301), "occurred is a number or a truth value, not an RFC 3339 time"),
        (raw(STARTED, occurred="2026-11-23T15:38:21"), "occurred is '2026-11-23T15:38:21', not an RFC 3339 time"),
        (raw(STARTED, occurred="1969-12-31T23:59:59Z"), "occurred is '1969-12-31T23:59:59Z', not an RFC 3339 time"),
        (raw(without(STARTED, "resource")), "resource is null, not an object"),
        (raw(STARTED, resource=[]), "resource is a list, not an object"),
        (raw(STARTED, resource={}), "prefect.resource.id is null, not prefect.worker.…"),
        (raw(STARTED, resource=RUNNER), "prefect.resource.id is 'prefect.runner.standalone', not prefect.worker.…"),
        (raw(with_label(STARTED, "own", "resource.id", "prefect.worker.")), "prefect.resource.id is 'prefect.worker.'"),
        (raw(CANCELLED, resource=WORKER), "prefect.resource.id is 'prefect.worker.process.long-worker', not prefect.r"),
        (raw(STARTED, related={}), "related is an object, not a list"),
        (raw(SUBMITTED, related=[]), "related has no flow-run with the id prefect.flow-run.<UUID>"),
        (
            raw(with_label(SUBMITTED, "flow-run", "resource.id", "x")),
            "related has no flow-run with the id prefect.flow",
        ),
        (
            raw(with_label(STARTED, "own", "resource.id", "prefect.worker." + "x" * 70_000)),
            "prefect.resource.id has more than 1024 characters",  # rule B5
        ),
    ],
)
def test_what_is_invalid_and_why(value, reason):
    with pytest.raises(InvalidEvent) as caught:
        decode(value, READING)
    assert str(caught.value).startswith(reason)
    assert len(str(caught.value)) < 200
    assert caught.value.__cause__ is None


@given(st.binary(max_size=64), st.binary(max_size=64), st.sampled_from(list(OURS)))
def test_any_bytes_around_a_name_of_ours(before, after, name):
    with contextlib.suppress(InvalidEvent):
        decode(before + name.encode() + after, READING)


json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
times = st.datetimes().map(lambda time: f"{time.isoformat()}Z")


@given(st.sampled_from(list(OURS.values())), st.sampled_from(list(STARTED)), json | times, st.integers(1, 3))
@example(STARTED, "id", STARTED["id"], 1)
def test_any_value_in_place_of_any_field(event, field, value, max_tags):
    if field != "event":
        with contextlib.suppress(InvalidEvent):
            decode(raw(event, **{field: value}), replace(READING, max_tags=max_tags))


@given(
    st.sampled_from(list(OURS.values())),
    st.sampled_from(["own", "flow-run", "flow", "tag", "work-pool"]),
    st.sampled_from(["resource.id", "resource.role", "resource.name", "infrastructure.status-code"]),
    json,
)
def test_any_value_in_place_of_any_label(event, role, label, value):
    with contextlib.suppress(InvalidEvent):
        decode(raw(with_label(event, role, label, value)), READING)


def test_events_with_damaged_bytes():
    chance = random.Random(1)
    events = [raw(event) for event in OURS.values()]
    for _ in range(30_000):
        value = bytearray(chance.choice(events))
        for _ in range(chance.choice([1, 1, 1, 2, 5, 20])):
            at = chance.randrange(len(value))
            value[at : at + chance.choice([0, 1, 1, 10])] = bytes(
                [chance.choice([chance.randrange(256), *b'"\\{}[],:'])]
            )
        with contextlib.suppress(InvalidEvent):
            decode(bytes(value), READING)
