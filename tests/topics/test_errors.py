"""The refusals of a broker, as sentences."""

import pytest
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    InvalidReplicationFactorError,
    PolicyViolationError,
    TopicAuthorizationFailedError,
)

from correlator.topics.errors import Refusal, listed, not_alone, not_created, not_shown

FORBIDDEN = Refusal(TopicAuthorizationFailedError, "Authorization failed.")
LONELY = Refusal(InvalidReplicationFactorError, "Replication factor: 3 larger than available brokers: 1.")


CREATE_TOPICS = "and set CORRELATOR_CREATE_TOPICS=false."
REPLICAS = "set CORRELATOR_REPLICATION_FACTOR to at most the number of brokers."
TOO_MANY = "cannot be created with that many replicas (Replication factor: 3 larger than available brokers: 1)"


@pytest.mark.parametrize(
    "refusals, text",
    [
        ({"a": FORBIDDEN}, f"No permission to create a: allow CREATE on it, or have it created {CREATE_TOPICS}"),
        (
            {"a": FORBIDDEN, "b": Refusal(ClusterAuthorizationFailedError, "")},
            f"No permission to create a and b: allow CREATE on them, or have them created {CREATE_TOPICS}",
        ),
        ({"a": LONELY, "b": LONELY, "c": LONELY}, f"a, b and c {TOO_MANY}: {REPLICAS}"),
        ({"a": Refusal(PolicyViolationError, "Too many.")}, "a could not be created: Too many."),
        ({"a": Refusal(PolicyViolationError, "")}, "a could not be created: PolicyViolationError."),
    ],
)
def test_not_created(refusals, text):
    assert str(not_created(refusals)) == text


def test_every_reason_is_told_once():
    text = str(not_created({"a": FORBIDDEN, "b": LONELY, "c": Refusal(PolicyViolationError, "No."), "d": FORBIDDEN}))
    assert [line.split(":")[0] for line in text.splitlines()] == [
        "No permission to create a and d",
        "b cannot be created with that many replicas (Replication factor",
        "c could not be created",
    ]


def test_not_shown():
    assert str(not_shown({"a": FORBIDDEN, "b": Refusal(PolicyViolationError, "No.")})) == (
        "No permission to describe a: allow DESCRIBE and DESCRIBE_CONFIGS on it.\nb could not be described: No."
    )


OURS = {"events", "lifecycles", "records"}


def test_another_deployment_is_told_by_its_input():
    assert str(not_alone("etl", {"others", "lifecycles"}, OURS)) == (
        "Another deployment runs under the app id etl and reads others: give one of them another CORRELATOR_APP_ID."
        " (If you have changed CORRELATOR_TOPIC_EVENTS, stop all of its workers first.)"
    )


def test_a_consumer_that_reads_only_our_own_topics_is_not_a_deployment():
    assert str(not_alone("etl", {"records", "lifecycles"}, OURS)) == (
        "Another consumer in group etl reads lifecycles and records: move it to a group of its own,"
        " since etl is reserved for the workers."
    )


def test_listed():
    assert [listed(names) for names in ("a", "ab", "abc")] == ["a", "a and b", "a, b and c"]
