"""Probes, limits and names in deploy/ fit the stage that they are for."""

import pytest

from correlator.settings import Settings
from correlator.topics.cluster import ASKING
from correlator.topics.connecting import CONNECTING
from correlator.web import create_web
from local.image import BASE, RELEASE, TAG
from local.manifests import DEPLOY, settings
from tests.deploy.manifests import COMPONENTS, DOCKERFILE, assigned, container, document

HEALTH, READY, METRICS = "/healthz", "/readyz", "/metrics"
OVERLAYS = [
    assigned(DEPLOY / "overlays" / "minimal" / "kustomization.yaml"),
    assigned(DEPLOY / "strimzi" / "settings.env"),
]
PORT = Settings.model_fields["web_port"].default


def served():
    """The paths that the stage serves."""
    return {route.resource.canonical for route in create_web(Settings(), None, None, None).router.routes()}


def patience(probe):
    return probe["periodSeconds"] * probe["failureThreshold"]


@pytest.mark.parametrize(
    "probe, path", [("startupProbe", HEALTH), ("livenessProbe", HEALTH), ("readinessProbe", READY)]
)
def test_probes_ask_where_the_stage_answers(probe, path):
    asked = container()[probe]["httpGet"]
    assert asked["path"] == path
    assert path in served()
    assert {port["name"]: port["containerPort"] for port in container()["ports"]}[asked["port"]] == PORT


@pytest.mark.parametrize("overlay", ["minimal", "complete"])
def test_an_overlay_runs_the_image_that_is_made_here(overlay):
    (image,) = document("overlays", overlay, "kustomization.yaml")["images"]
    assert f"{image['name']}:{image['newTag']}" == TAG
    assert container()["image"] == image["name"]


def test_the_image_is_made_of_what_the_dockerfile_says():
    assert f"ARG BASE={BASE}\n" in DOCKERFILE.read_text()
    assert BASE.endswith(RELEASE), "what stands in for it is the same Debian"


def test_the_image_asks_there_too():
    text = DOCKERFILE.read_text()
    assert f"or {PORT}}}{HEALTH}" in text
    assert f"EXPOSE {PORT}\n" in text


def test_a_start_that_finds_no_kafka_says_so_before_it_is_ended():
    assert patience(container()["startupProbe"]) > CONNECTING + ASKING


def test_a_worker_that_stands_still_ends_itself_before_it_is_killed():
    standing = Settings.model_fields["stall_limit"].default - Settings.model_fields["stalled_after"].default
    assert patience(container()["livenessProbe"]) > standing.total_seconds()


def test_an_update_goes_on_only_when_a_worker_has_been_ready_for_longer_than_the_probe_takes_to_see_that_it_is_not():
    ready_for = document("base", "statefulset.yaml")["spec"]["minReadySeconds"]
    assert ready_for > 2 * patience(container()["readinessProbe"])


def test_names_are_resolved_by_kubernetes_and_by_openshift():
    egress = document("base", "networkpolicy.yaml")["spec"]["egress"]
    let_out = {(port["protocol"], port["port"]) for rule in egress for port in rule["ports"]}
    assert let_out >= {(protocol, port) for protocol in ("UDP", "TCP") for port in (53, 5353)}


def test_all_that_is_written_is_on_a_volume():
    spec = document("base", "statefulset.yaml")["spec"]["template"]["spec"]
    assert container()["securityContext"]["readOnlyRootFilesystem"]
    assert [mount["name"] for mount in container()["volumeMounts"]] == [volume["name"] for volume in spec["volumes"]]
    assert spec["securityContext"]["runAsUser"] == 10001
    assert "USER 10001:10001\n" in DOCKERFILE.read_text()


def test_the_volume_of_the_rocksdb_component_is_the_one_that_the_base_mounts():
    spec = document("rocksdb", "volume.yaml")["spec"]
    (replaced,) = spec["template"]["spec"]["volumes"]
    (claimed,) = spec["volumeClaimTemplates"]
    assert replaced == {"name": "data", "$patch": "delete"}
    assert claimed["metadata"]["name"] == container()["volumeMounts"][0]["name"]


def test_no_more_workers_than_partitions():
    assert document("keda", "scaledobject.yaml")["spec"]["maxReplicaCount"] == settings().partitions
    assert document("base", "statefulset.yaml")["spec"]["replicas"] <= settings().partitions


def test_what_is_scraped_is_what_is_served():
    (endpoint,) = document("monitoring", "podmonitor.yaml")["spec"]["podMetricsEndpoints"]
    assert (endpoint["port"], endpoint["path"]) == ("web", METRICS)
    assert METRICS in served()


def test_the_complete_overlay_has_every_component_but_the_one_that_takes_the_input():
    listed = document("overlays", "complete", "kustomization.yaml")["components"]
    assert {path.removeprefix("../../") for path in listed} == {*COMPONENTS} - {"strimzi-input"}
    assert (DEPLOY / "base").is_dir()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_brokers_that_an_overlay_names_are_let_through(overlay):
    egress = document("base", "networkpolicy.yaml")["spec"]["egress"]
    (servers,) = {value for name, value in overlay.items() if name.endswith("BOOTSTRAP_SERVERS")}
    assert int(servers.rpartition(":")[2]) in {port["port"] for rule in egress for port in rule["ports"]}
