"""What the Strimzi components declare is what the stage and the bridge declare, and each user may what it needs."""

import pytest

from correlator.settings import Settings
from correlator.topics import Purpose, Resource, declared, declared_for_bridge, needed, needed_by_bridge
from tests.deploy.manifests import assigned, document, documents
from tools.manifests import DEPLOY, files, settings

ONE_HOP = settings().model_copy(update={"input_keyed_by": "subject"})


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
    own = [spec for spec in declared(settings()) if spec.purpose is not Purpose.INPUT]
    assert topics("strimzi") == {spec.name: (spec.partitions, spec.replication_factor, spec.config) for spec in own}


def test_the_topic_of_the_bridges_own_is_there_as_declared():
    (own,) = [spec for spec in declared_for_bridge(settings()) if spec.purpose is not Purpose.INPUT]
    assert topics("strimzi-bridge") == {own.name: (own.partitions, own.replication_factor, own.config)}


def test_the_bridge_and_the_stage_have_the_same_input():
    (ours,), (its,) = (
        [spec for spec in specs if spec.purpose is Purpose.INPUT]
        for specs in (declared(ONE_HOP), declared_for_bridge(ONE_HOP))
    )
    assert ours == its


def test_in_one_hop_there_is_no_topic_that_the_stage_does_without():
    def named(component):
        return {manifest["metadata"]["name"] for manifest in documents(DEPLOY / component / "topics.yaml")}

    left = named("strimzi") - named("strimzi-one-hop")
    assert left == {spec.name for spec in declared(ONE_HOP) if spec.purpose is not Purpose.INPUT}
    assert all(patch["$patch"] == "delete" for patch in documents(DEPLOY / "strimzi-one-hop" / "topics.yaml"))


def test_an_overlay_in_one_hop_has_an_input_that_is_keyed_by_subject():
    keyed = assigned(DEPLOY / "bridge" / "settings.env")
    assert keyed == {"CORRELATOR_INPUT_KEYED_BY": "subject"}
    for overlay in (DEPLOY / "overlays").iterdir():
        components = document("overlays", overlay.name, "kustomization.yaml").get("components", [])
        assert ("../../strimzi-one-hop" in components) <= ("../../bridge" in components)


def test_strimzi_is_given_the_input_only_by_a_component_that_no_overlay_has():
    """It would remove the settings that somebody gave that topic, and the topic with the deployment."""
    events = settings().topic_events
    assert topics("strimzi-input").keys() == {events}
    assert events not in topics("strimzi")
    for overlay in (DEPLOY / "overlays").iterdir():
        kustomization = document("overlays", overlay.name, "kustomization.yaml")
        assert "../../strimzi-input" not in kustomization.get("components", [])


@pytest.mark.parametrize(
    "component, permissions",
    [
        ("strimzi", needed(settings())),
        ("strimzi-one-hop", needed(ONE_HOP)),
        ("strimzi-bridge", needed_by_bridge(settings())),
    ],
    ids=["worker", "worker in one hop", "bridge"],
)
def test_a_user_may_what_is_needed_and_nothing_else(component, permissions):
    (user,) = documents(DEPLOY / component / "user.yaml")
    granted = {
        (resource["type"].lower(), resource["name"], resource["patternType"] == "prefix", operation.upper())
        for rule in user["spec"]["authorization"]["acls"]
        for resource in [rule["resource"]]
        for operation in rule["operations"]
    }
    assert granted == {
        (it.resource.replace("-", ""), it.name, it.prefixed, operation.name.replace("_", ""))
        for it in permissions
        for operation in it.operations
    }


@pytest.mark.parametrize("keyed_by", ["any", "subject"])
def test_every_topic_is_needed_once_however_the_deployment_is_called(keyed_by):
    named = Settings(
        app_id="mine", topic_events="a", topic_worker_uptime="b", topic_dead_letter="c", input_keyed_by=keyed_by
    )
    topics = [permission.name for permission in needed(named) if permission.resource is Resource.TOPIC]
    assert topics == [spec.name for spec in declared(named)]
