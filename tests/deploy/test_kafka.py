"""What the Strimzi component declares is what the stage declares, and its user may what the stage needs."""

import pytest

from correlator.settings import Settings
from correlator.topics import Resource, Role, declared, needed
from local.manifests import DEPLOY, files, settings
from tests.deploy.manifests import document, documents

(USER,) = documents(DEPLOY / "strimzi" / "user.yaml")


def topics(component):
    """The KafkaTopics of a component by name, as the stage declares topics."""
    return {
        topic["topicName"]: (
            topic["partitions"],
            topic["replicas"],
            {key: str(value) for key, value in topic.get("config", {}).items()},
        )
        for manifest in documents(DEPLOY / component / "topics.yaml")
        for topic in [manifest["spec"]]
    }


def test_what_is_generated_is_up_to_date():
    assert [path.name for path, text in files() if path.read_text() != text] == [], "run `make contract`"


def test_every_topic_of_the_stages_own_is_there_as_declared():
    own = [spec for spec in declared(settings()) if spec.role is not Role.INPUT]
    assert topics("strimzi") == {spec.name: (spec.partitions, spec.replication_factor, spec.config) for spec in own}


def test_strimzi_is_given_the_input_only_by_a_component_that_no_overlay_has():
    """It would remove the settings that somebody gave that topic, and the topic with the deployment."""
    events = settings().topic_events
    assert topics("strimzi-input").keys() == {events}
    assert events not in topics("strimzi")
    for overlay in (DEPLOY / "overlays").iterdir():
        kustomization = document("overlays", overlay.name, "kustomization.yaml")
        assert "../../strimzi-input" not in kustomization.get("components", [])


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
