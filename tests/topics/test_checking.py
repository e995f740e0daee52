"""What differs from the declared topics, in which words, and whether the stage starts with it."""

import pytest

from correlator.settings import Settings
from correlator.topics.checking import differences
from correlator.topics.cluster import Topic
from correlator.topics.declared import declared

SETTINGS = Settings(app_id="etl")
LETTERS, LIFECYCLES, CHANGELOG = "prefect.events.dead-letter", "etl-lifecycles", "etl-subjects-changelog"


def as_declared(settings=SETTINGS) -> dict[str, Topic]:
    broker = {
        "cleanup.policy": "delete",
        "retention.ms": "604800000",
        "max.message.bytes": "1048588",
        "min.insync.replicas": "1",
    }
    return {
        spec.name: Topic(spec.partitions, spec.replication_factor, {**broker, **spec.config})
        for spec in declared(settings)
    }


def told(found, settings=SETTINGS) -> list[tuple[str, bool]]:
    return [(difference.sentence, difference.refuses) for difference in differences(settings, found)]


def changed(name, partitions=8, **config) -> dict[str, Topic]:
    found = as_declared()
    wanted = {key.replace("_", "."): value for key, value in config.items()}
    return {**found, name: found[name]._replace(partitions=partitions, config={**found[name].config, **wanted})}


def test_as_declared():
    assert told(as_declared()) == []


@pytest.mark.parametrize(
    "name, config",
    [
        ("prefect.events", {"partitions": 3}),  # the user's
        ("prefect.events", {"cleanup_policy": "compact", "retention_ms": "1"}),
        ("prefect.worker-uptime", {"partitions": 3}),
        (LETTERS, {"partitions": 1}),
        (LETTERS, {"retention_ms": "-1"}),  # longer keeps the promise too
        (LETTERS, {"retention_ms": str(60 * 86_400_000)}),
        (LETTERS, {"max_message_bytes": "2000000"}),
        ("prefect.worker-uptime", {"max_message_bytes": "1000"}),
        (CHANGELOG, {"retention_ms": "1"}),  # means nothing to a compacted topic
    ],
)
def test_what_is_no_difference(name, config):
    assert told(changed(name, **config)) == []


CREATE_IT = "create it with `correlator topics create`"
OR_NAME_IT = "or set CORRELATOR_TOPIC_EVENTS to the topic that Prefect's events are in"


@pytest.mark.parametrize(
    "name, remedy",
    [
        (CHANGELOG, f"{CREATE_IT}."),
        ("prefect.worker-uptime", f"{CREATE_IT}."),
        ("prefect.events", f"{CREATE_IT}, {OR_NAME_IT}."),
    ],
)
def test_a_missing_topic(name, remedy):
    found = as_declared()
    del found[name]
    assert told(found) == [(f"The topic {name} is missing: {remedy}", True)]


def test_another_number_of_partitions_of_the_lifecycles_is_worked_with():
    found = {**changed(LIFECYCLES, 4), CHANGELOG: changed(CHANGELOG, 4)[CHANGELOG]}
    sentence = (
        "The topic etl-lifecycles has 4 partitions but CORRELATOR_PARTITIONS is 8: the stage uses the topic as it is;"
        " set CORRELATOR_PARTITIONS=4 to agree."
    )
    assert told(found) == [(sentence, False)]


def test_a_changelog_beside_another_number_of_partitions_refuses():
    sentence = (
        "The topic etl-subjects-changelog has 1 partition but etl-lifecycles has 8, and they must have as many:"
        " give the deployment another CORRELATOR_APP_ID, or delete its internal topics."
    )
    assert told(changed(CHANGELOG, 1)) == [(sentence, True)]


def test_in_one_hop_the_changelog_goes_by_the_input():
    settings = Settings(app_id="etl", input_keyed_by="subject")
    found = as_declared(settings)
    found["prefect.events"] = found["prefect.events"]._replace(partitions=3)
    [(sentence, refuses)] = told(found, settings)
    assert sentence.startswith(
        "The topic etl-subjects-changelog has 8 partitions but prefect.events has 3, and they must have as many"
    )
    assert refuses


@pytest.mark.parametrize(
    "name, policy, wanted, refuses",
    [
        (CHANGELOG, "delete", "compact", True),  # would forget what is open
        (CHANGELOG, "compact,delete", "compact", True),
        (LIFECYCLES, "compact", "delete", True),  # would take a run's events for versions of each other
        (LETTERS, "compact", "delete", True),
        ("prefect.worker-uptime", "compact", "delete", False),  # the records are the user's to keep
    ],
)
def test_another_cleanup_policy(name, policy, wanted, refuses):
    sentence = f"The topic {name} has cleanup.policy={policy}: set it to {wanted}."
    assert told(changed(name, cleanup_policy=policy)) == [(sentence, refuses)]


def test_a_shorter_retention():
    assert told(changed(LIFECYCLES, retention_ms="3600000")) == [
        (
            "The topic etl-lifecycles has retention.ms=3600000, which is 1h: set it to 604800000 (7d) or more.",
            False,
        )
    ]


def test_what_a_worker_will_create_does_not_keep_it_from_starting():
    told_of = {it.topic: (it.sentence, it.refuses) for it in differences(SETTINGS, {}, to_be_created=True)}
    assert told_of[LIFECYCLES] == (f"The topic {LIFECYCLES} is missing: a worker creates it when it starts.", False)
    assert [name for name, (_, refuses) in told_of.items() if refuses] == ["prefect.events"]


@pytest.mark.parametrize("name", [LETTERS, LIFECYCLES, CHANGELOG])
def test_what_takes_up_the_input_must_take_its_largest(name):
    [(sentence, refuses)] = told(changed(name, max_message_bytes="1000"))
    assert (
        sentence == f"The topic {name} has max.message.bytes=1000, less than prefect.events: set it to 1048588 or more."
    )
    assert refuses


@pytest.mark.parametrize("name", [LIFECYCLES, CHANGELOG])
def test_what_takes_up_events_must_take_a_large_one_though_the_input_took_it_compressed(name):
    """A dead letter that its topic refused would stop the stage for good: the next worker reads the same event."""
    found = {
        topic: it._replace(config={**it.config, "max.message.bytes": "100000"}) for topic, it in as_declared().items()
    }
    assert [(it.split(" has ")[0], refuses) for it, refuses in told(found)] == [
        (f"The topic {topic}", True) for topic in found if topic in {LIFECYCLES, CHANGELOG}
    ]
    found[name] = found[name]._replace(config={**found[name].config, "max.message.bytes": "524288"})
    [(sentence, _)] = told(found)
    assert name not in sentence
    assert "has max.message.bytes=100000, less than an event may take: set it to 524288 or more." in sentence


@pytest.mark.parametrize(
    "replicas, in_sync, told_of", [(3, "1", True), (5, "1", True), (3, "2", False), (2, "1", False)]
)
def test_what_only_one_of_many_replicas_must_have_is_told_of(replicas, in_sync, told_of):
    found = {
        name: topic._replace(replicas=replicas, config={**topic.config, "min.insync.replicas": in_sync})
        for name, topic in as_declared().items()
        if name in {"prefect.events", LIFECYCLES}  # the first is the user's
    }
    sentence = (
        f"The topic etl-lifecycles has {replicas} replicas and min.insync.replicas=1, so what is written may be lost"
        " with one broker: set it to 2."
    )
    assert told({**as_declared(), **found}) == [(sentence, False)] * told_of


def test_a_broker_that_knows_no_such_setting_is_not_told_to_set_it():
    found = as_declared()
    config = {key: value for key, value in found[LIFECYCLES].config.items() if key != "min.insync.replicas"}
    assert told({**found, LIFECYCLES: Topic(8, 3, config)}) == []
