"""Times and spans: exact to the microsecond, in every size."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid5

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.event import Kind
from correlator.prefect.times import LATEST, moment
from correlator.records import identity
from correlator.records.formats import in_seconds, rfc3339

RECORD, VERSION = "f08f0f25-2b94-5934-b07f-e72a9218e731", "4e0af90e-877b-5590-9e04-fdd0b397a940"


@pytest.mark.parametrize(
    "span, text",
    [
        (0, b"0.000000"),
        (1, b"0.000001"),
        (999_999, b"0.999999"),
        (324_000_123, b"324.000123"),
        (7 * 86_400_000_000, b"604800.000000"),
        (2**53 + 1, b"9007199254.740993"),  # a float no longer tells it from its neighbours
        (LATEST, b"253402300799.999999"),
    ],
)
def test_seconds_are_written_with_six_decimals(span, text):
    assert msgspec.json.encode(in_seconds(span)) == text


@given(st.integers(0, LATEST))
def test_seconds_are_exact(span):
    assert Decimal(msgspec.json.encode(in_seconds(span)).decode()) * 1_000_000 == span


@given(st.integers(0, 2**33 * 1_000_000))
def test_for_272_years_a_float_reads_the_same_microseconds(span):
    assert round(orjson.loads(msgspec.json.encode(in_seconds(span))) * 1_000_000) == span


@pytest.mark.parametrize(
    "time, text",
    [
        (0, "1970-01-01T00:00:00.000000Z"),
        (1_795_448_301_737_255, "2026-11-23T15:38:21.737255Z"),
        (LATEST, "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_times_are_rfc_3339_with_six_digits(time, text):
    assert rfc3339(time) == text


@given(st.integers(0, LATEST))
def test_times_are_read_back_exactly(time):
    assert moment(rfc3339(time)) == time
    assert datetime.fromisoformat(rfc3339(time)) - datetime.fromisoformat("1970-01-01T00:00Z") == timedelta(0, 0, time)


@given(st.uuids(), st.text())
def test_ids_are_rfc_9562s_uuid5(namespace, name):
    assert identity.uuid5(namespace.bytes, name) == str(uuid5(namespace, name))


def test_ids_are_the_same_for_ever():
    """The ids are fixed: a change breaks every consumer that recognizes a record by its id."""
    assert str(uuid5(UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), "prefect.correlator")) == identity.NAMESPACE
    assert identity.record_id(Kind.WORKER, "01a2090e-e8aa-72c7-b50c-d422d85b4435") == RECORD
    assert identity.version_id(RECORD, "01a20912-9ad9-7fe0-ba0f-78ebe7891004") == VERSION
