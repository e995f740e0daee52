"""What the Strimzi component declares is what the stage declares, and its user may what the stage needs."""

import pytest

from correlator.settings import Settings
from correlator.topics import Resource, declared, needed
from local.manifests import DEPLOY, files, settings
from tests.deploy.manifests import documents

(USER,) = documents(DEPLOY / "strimzi" / "user.yaml")
TOPICS = [topic["spec"] for topic in documents(DEPLOY / "strimzi" / "topics.yaml")]


def test_what_is_generated_is_up_to_date():
    assert [path.name for path, text in files() if path.read_text() != text] == [], "run `make contract`"


def test_every_declared_topic_is_there_as_declared():
    assert {
        topic["topicName"]: (
            topic["partitions"],
            topic["replicas"],
            {key: str(value) for key, value in topic.get("config", {}).items()},
        )
        for topic in TOPICS
    } == {spec.name: (spec.partitions, spec.replication_factor, spec.config) for spec in declared(settings())}


def test_the_user_may_what_the_stage_needs_and_nothing_else():
    granted = {
        (resource["type"].lower(), resource["name"], resource["patternType"] == "prefix", operation.upper())
        for rule in USER["spec"]["authorization"]["acls"]
        for resource in [rule["resource"]]
        for operation in rule["operations"]
    }
    assert granted == {
        (it.resource.replace("-", ""), it.name, it.prefixed, operation.name.replace("_", ""))
        for it in needed(settings())
        for operation in it.operations
    }


@pytest.mark.parametrize("keyed_by", ["any", "subject"])
def test_every_topic_is_needed_once_however_the_deployment_is_called(keyed_by):
    named = Settings(
        app_id="mine", topic_events="a", topic_worker_uptime="b", topic_dead_letter="c", input_keyed_by=keyed_by
    )
    topics = [permission.name for permission in needed(named) if permission.resource is Resource.TOPIC]
    assert topics == [spec.name for spec in declared(named)]
