"""The typed parser and the one that reads label by label agree on every event, and on every refusal."""

import random

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from correlator.event import Infrastructure
from correlator.prefect import Decoded, InvalidEvent, decode, parsing
from tests.prefect.events import CANCELLED, EXECUTED, OURS, READING, STARTED, SUBMITTED, raw, with_label
from tests.prefect.test_invalid import json

READ_SO = replace(READING, max_tags=3)
LABELS = {
    "own": ("resource.id", "resource.name", "version", "worker-type", "state-type", "state-name", "unknown"),
    "flow-run": (
        *("resource.id", "resource.role", "resource.name"),
        *("infrastructure.identifier", "infrastructure.status-code", "unknown"),
    ),
    "flow": ("resource.id", "resource.role", "resource.name"),
    "deployment": ("resource.id", "resource.role", "resource.name"),
    "work-pool": ("resource.id", "resource.role", "resource.name"),
    "tag": ("resource.id", "resource.role", "resource.name"),
}
PLACES = [(role, label) for role, labels in LABELS.items() for label in labels]
IDS = ["prefect.tag.x", "prefect.worker.x", "prefect.runner.x", EXECUTED["id"], *(it for it in LABELS if it != "own")]
said = st.sampled_from(list(OURS.values()))
any_json = json | st.sampled_from(IDS) | st.integers(-(10**11), 10**11).map(str)


def read(value: bytes) -> Decoded | str | None:
    """The event, or what is wrong with it."""
    try:
        return decode(value, READ_SO)
    except InvalidEvent as reason:
        return f"invalid: {reason}"


def read_loosely(value: bytes) -> Decoded | str | None:
    """The same without the typed parser."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(parsing, "typed", lambda _: None)
        return read(value)


def test_what_prefect_writes_is_typed():
    """Else nothing here would be compared."""
    for event in OURS.values():
        assert parsing.typed(raw(event)) is not None
        assert isinstance(read(raw(event)), Decoded)


@given(said, st.sampled_from(PLACES), any_json)
@example(EXECUTED, ("flow-run", "infrastructure.status-code"), 2**63)
@example(EXECUTED, ("flow-run", "infrastructure.status-code"), -(2**63))
@example(EXECUTED, ("flow-run", "infrastructure.status-code"), 3.0)
@example(EXECUTED, ("flow-run", "infrastructure.status-code"), True)
@example(EXECUTED, ("flow-run", "infrastructure.status-code"), None)
@example(EXECUTED, ("flow-run", "infrastructure.identifier"), None)
def test_any_value_in_place_of_any_label(event, place, value):
    bent = raw(with_label(event, *place, value))
    assert read(bent) == read_loosely(bent)


@given(said, st.sampled_from(PLACES))
def test_without_any_label(event, place):
    present = raw(with_label(event, *place, 0))
    gone = orjson.loads(present)
    for labels in (gone["resource"], *gone["related"]):
        if labels.get(f"prefect.{place[1]}") == 0:
            del labels[f"prefect.{place[1]}"]
    assert read(raw(gone)) == read_loosely(raw(gone))


@given(said, st.sampled_from([*STARTED, "received", "unknown"]), any_json)
@example(STARTED, "related", [None, 5, {}])
@example(STARTED, "received", 5)
@example(STARTED, "received", None)
def test_any_value_in_place_of_any_field(event, field, value):
    bent = raw(event, **{field: value})
    assert read(bent) == read_loosely(bent)


@given(said, st.lists(any_json, max_size=3), st.randoms(use_true_random=False))
def test_anything_among_the_related_resources(event, others, chance):
    related = [*event["related"], *others]
    chance.shuffle(related)
    bent = raw(event, related=related)
    assert read(bent) == read_loosely(bent)


@given(said, st.randoms(use_true_random=False))
def test_keys_in_any_order(event, chance):
    def shuffled(part):
        if isinstance(part, dict):
            items = [(key, shuffled(value)) for key, value in part.items()]
            chance.shuffle(items)
            return dict(items)
        return [shuffled(value) for value in part] if isinstance(part, list) else part

    bent = raw(shuffled(event))
    assert read(bent) == read_loosely(bent) == read(raw(event))


def doubled(event, key: str, first, *, of: str = "event") -> bytes:
    """The event with a key twice, first with another value: in itself, or in all its resources."""
    whole = orjson.dumps(event, option=orjson.OPT_INDENT_2)
    name = orjson.dumps(key)
    assert name + b": " in whole
    return whole.replace(name + b": ", name + b": " + orjson.dumps(first) + b",\n" + name + b": ")


@given(said, st.sampled_from([*STARTED, *(f"prefect.{label}" for _, label in PLACES)]), any_json)
def test_of_a_key_that_is_there_twice_the_last_counts(event, key, first):
    if orjson.dumps(key) + b": " in orjson.dumps(event, option=orjson.OPT_INDENT_2):
        value = doubled(event, key, first)
        assert read(value) == read_loosely(value)


ODD = {
    "the largest number": b"1.7976931348623157e308",
    "a negative zero": b"-0",
    "a small number": b"1e-999",
    "64 bits and more": b"18446744073709551616",
    "an escaped NUL": b'"\\u0000"',
    "an escaped slash": b'"\\/"',
    "a pair of surrogates": b'"\\ud83d\\ude00"',
    "a key of escapes": b'{"\\u0065vent":1}',
    "an empty key": b'{"":{"":[]}}',
    "a key twice": b'{"a":1,"a":2}',
    "DEL": b'"\x7f"',
    "a deep list": b"[" * 200 + b"]" * 200,
    "blanks": b" \t\r\n [ \t\r\n ] \t\r\n ",
}


def put(value: bytes, event=SUBMITTED, *, into: str = "unknown") -> bytes:
    """The event with a member of these bytes, in itself or in its resources."""
    known = {"unknown": event, "label": with_label(event, "flow-run", "unknown", 0)}[into]
    if into == "label":
        return raw(known).replace(b'"prefect.unknown":0', b'"prefect.unknown":' + value)
    return raw(known)[:-1] + b',"unknown":' + value + b"}"


@pytest.mark.parametrize("into", ["unknown", "label"])
@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_odd_json_in_what_we_do_not_read(value, into):
    assert isinstance(read_loosely(put(value, into=into)), Decoded)
    assert read(put(value, into=into)) == read_loosely(put(value, into=into)) == read(raw(SUBMITTED))


NO_JSON = {
    "NaN": b"NaN",
    "Infinity": b"Infinity",
    "a leading zero": b"01",
    "a leading plus": b"+1",
    "a dot and nothing": b"1.",
    "nothing and a dot": b".5",
    "a control character": b'"\n"',
    "an unknown escape": b'"\\x41"',
    "half an escape": b'"\\u12"',
    "a comma too many": b"[1,]",
    "single quotes": b"'a'",
    "a comment": b"/**/1",
    "nothing": b"",
    "half of a pair of surrogates": b'"\\ud800"',
    "the other half": b'"\\udc00"',
    "two first halves": b'"\\ud800\\ud800"',
}


@pytest.mark.parametrize("into", ["unknown", "label"])
@pytest.mark.parametrize("value", NO_JSON.values(), ids=NO_JSON)
def test_what_is_no_json_in_what_we_do_not_read(value, into):
    assert str(read_loosely(put(value, into=into))).startswith(("invalid: not JSON", "invalid: not UTF-8"))
    assert read(put(value, into=into)) == read_loosely(put(value, into=into))


NO_UTF_8 = {
    "a byte that no UTF-8 has": b'"\xff"',
    "a surrogate in UTF-8": b'"\xed\xa0\x80"',
    "UTF-8 that is too long": b'"\xc0\xaf"',
    "UTF-8 that is too short": b'"\xe2\x82"',
    "beyond Unicode": b'"\xf4\x90\x80\x80"',
    "a key that is no UTF-8": b'{"\xff":1}',
}


@pytest.mark.parametrize("into", ["unknown", "label"])
@pytest.mark.parametrize("value", NO_UTF_8.values(), ids=NO_UTF_8)
def test_bytes_that_are_no_utf_8_are_refused_wherever_they_are(value, into):
    """Rule I2."""
    assert read(put(value, into=into)) == read_loosely(put(value, into=into))
    assert str(read(put(value, into=into))).startswith("invalid: not UTF-8")


PASSED_OVER = {
    "numbers too large for an integer": b"1" + b"0" * 400,
    "numbers too large for a float": b"1e999",
    "such a number in a list": b"[1,[-1e999]]",
}


@pytest.mark.parametrize("into", ["unknown", "label"])
@pytest.mark.parametrize("value", PASSED_OVER.values(), ids=PASSED_OVER)
def test_what_only_the_typed_parser_passes_over(value, into):
    """The typed parser ignores members that nobody reads (rule I3). If the event is read label by label, it
    is refused.
    """
    assert read(put(value, into=into)) == read(raw(SUBMITTED))
    assert str(read_loosely(put(value, into=into))).startswith("invalid: not JSON: number is inf")
    malformed = with_label(SUBMITTED, "own", "version", 5)
    assert isinstance(read(raw(malformed)), Decoded)
    assert read(put(value, malformed, into=into)) == read_loosely(put(value, malformed, into=into))


@pytest.mark.parametrize("digits, alike", [(308, True), (309, False), (4300, False), (4301, True), (10_000, True)])
def test_a_status_code_of_many_digits(digits, alike):
    """The typed parser reads integers of any size, up to Python's limit; the other one, floats in their place."""
    value = raw(with_label(EXECUTED, "flow-run", "infrastructure.status-code", 0))
    value = value.replace(b'status-code":0', b'status-code":' + b"9" * digits)
    assert (read(value) == read_loosely(value)) is alike
    if digits <= 4300:
        assert read(value).event.infrastructure == Infrastructure("6245", None)
    if digits > 308:
        assert read_loosely(value).startswith("invalid: not JSON: number is infinity")


@pytest.mark.parametrize("event", OURS.values(), ids=OURS)
def test_of_damaged_bytes_the_same_is_said(event):
    chance = random.Random(2)
    whole = raw(event)
    for _ in range(4_000):
        value = bytearray(whole)
        for _ in range(chance.choice([1, 1, 1, 2, 5])):
            at = chance.randrange(len(value))
            some = [chance.randrange(256), *b'"\\{}[],:']
            value[at : at + chance.choice([0, 1, 1, 10])] = bytes([chance.choice(some)])
        assert read(bytes(value)) == read_loosely(bytes(value)), bytes(value)


@pytest.mark.parametrize("after", [b" ", b"\n", b"{}", b",", b"\0", b"x", raw(CANCELLED)])
def test_what_comes_after_the_event(after):
    assert read(raw(STARTED) + after) == read_loosely(raw(STARTED) + after)


@pytest.mark.parametrize("before", [b" ", b"\n", b"\xef\xbb\xbf", b"\0", b","])
def test_what_comes_before_the_event(before):
    assert read(before + raw(STARTED)) == read_loosely(before + raw(STARTED))
