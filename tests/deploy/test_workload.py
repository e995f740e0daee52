"""Probes, limits and names in deploy/ fit the stage that they are for."""

import re
from urllib.parse import urlsplit

import pytest

from correlator.bridge.api import STARTUP_TIMEOUT
from correlator.commands import correlator
from correlator.settings import Settings, variable
from correlator.topics.cluster import ASKING
from correlator.topics.connecting import CONNECTING
from correlator.web import create_web
from tests.deploy.manifests import (
    BRIDGE,
    COMPONENTS,
    DOCKERFILE,
    WORKER,
    WORKLOADS,
    assigned,
    container,
    document,
    pod,
)
from tools.image import BASE, RELEASE, TAG
from tools.manifests import DEPLOY, settings

HEALTH, READY, METRICS = "/healthz", "/readyz", "/metrics"
OVERLAYS = [
    assigned(DEPLOY / "overlays" / "minimal" / "kustomization.yaml"),
    assigned(DEPLOY / "strimzi" / "settings.env"),
]
PORT = Settings.model_fields["web_port"].default
PORTS = {WORKER: PORT, BRIDGE: Settings.model_fields["bridge_web_port"].default}
POLICIES = [("base", "networkpolicy.yaml"), ("bridge", "networkpolicy.yaml")]

IDS = ["worker", "bridge"]
either = pytest.mark.parametrize("workload", WORKLOADS, ids=IDS)


def served():
    """The paths that the stage serves."""
    return {route.resource.canonical for route in create_web(Settings(), None, None, None).router.routes()}


def patience(probe):
    return probe["periodSeconds"] * probe["failureThreshold"]


def let_out(policy):
    """What it may ask, wherever that is."""
    rules = (rule for rule in document(*policy)["spec"]["egress"] if "to" not in rule)
    return {(port["protocol"], port["port"]) for rule in rules for port in rule["ports"]}


@either
@pytest.mark.parametrize("probe, path", [("startupProbe", HEALTH), ("readinessProbe", READY)])
def test_probes_ask_where_the_process_answers(workload, probe, path):
    asked = container(*workload)[probe]["httpGet"]
    assert asked["path"] == path
    assert path in served()
    ports = {port["name"]: port["containerPort"] for port in container(*workload)["ports"]}
    assert ports == {asked["port"]: PORTS[workload]}


@pytest.mark.parametrize("workload, path", [(WORKER, HEALTH), (BRIDGE, METRICS)], ids=IDS)
def test_nothing_is_ended_for_what_a_new_process_would_find_as_well(workload, path):
    """The bridge's health is bad as long as Prefect is silent, and it does not end itself for that."""
    assert container(*workload)["livenessProbe"]["httpGet"] == {"path": path, "port": "web"}


@either
@pytest.mark.parametrize("overlay", ["minimal", "complete"])
def test_an_overlay_runs_the_image_that_is_made_here(overlay, workload):
    (image,) = document("overlays", overlay, "kustomization.yaml")["images"]
    assert f"{image['name']}:{image['newTag']}" == TAG
    assert container(*workload)["image"] == image["name"]


@either
def test_a_workload_runs_a_command_that_there_is(workload):
    (command,) = container(*workload)["args"]
    assert command in correlator.commands


def test_the_image_is_made_of_what_the_dockerfile_says():
    assert f"ARG BASE={BASE}\n" in DOCKERFILE.read_text()
    assert BASE.endswith(RELEASE), "what stands in for it is the same Debian"


def test_the_image_asks_there_too():
    text = DOCKERFILE.read_text()
    fields = Settings.model_fields
    for field in ("web_port", "bridge_web_port"):
        assert f"('{variable(field)}', {fields[field].default})" in text
    assert f"}}{HEALTH}" in text
    assert f"EXPOSE {PORT} {fields['bridge_web_port'].default}\n" in text


@pytest.mark.parametrize("workload, asks_prefect", [(WORKER, 0), (BRIDGE, 2 * STARTUP_TIMEOUT)], ids=IDS)
def test_a_start_that_finds_no_kafka_says_so_before_it_is_ended(workload, asks_prefect):
    """Nor is one that finds no Prefect, or one that takes its time."""
    assert patience(container(*workload)["startupProbe"]) > asks_prefect + CONNECTING + ASKING


@either
def test_what_stands_still_ends_itself_before_it_is_killed(workload):
    standing = Settings.model_fields["stall_limit"].default - Settings.model_fields["stalled_after"].default
    assert patience(container(*workload)["livenessProbe"]) > standing.total_seconds()


def test_an_update_goes_on_only_when_a_worker_has_been_ready_for_longer_than_the_probe_takes_to_see_that_it_is_not():
    ready_for = document(*WORKER)["spec"]["minReadySeconds"]
    assert ready_for > 2 * patience(container(*WORKER)["readinessProbe"])


def test_workers_alone_ask_one_another_and_for_the_web_port_alone():
    worker, bridge = (document(*policy)["spec"] for policy in POLICIES)
    (rule,) = (rule for rule in worker["egress"] if "to" in rule)
    assert rule == {"to": [{"podSelector": worker["podSelector"]}], "ports": [{"protocol": "TCP", "port": "web"}]}
    assert rule["ports"] == [port for let_in in worker["ingress"] for port in let_in["ports"]]
    assert not [rule for rule in bridge["egress"] if "to" in rule]


def test_a_worker_tells_the_others_the_address_of_its_pod():
    (told,) = (it for it in container(*WORKER)["env"] if it["name"] == variable("web_advertised"))
    assert told["valueFrom"] == {"fieldRef": {"fieldPath": "status.podIP"}}
    for address in ("10.2.3.4", "fd00::7"):
        assert Settings(web_advertised=address).reached("machine").address == (address, PORT)


@pytest.mark.parametrize("policy", POLICIES, ids=IDS)
def test_names_are_resolved_by_kubernetes_and_by_openshift(policy):
    assert let_out(policy) >= {(protocol, port) for protocol in ("UDP", "TCP") for port in (53, 5353)}


@either
def test_all_that_is_written_is_on_a_volume(workload):
    spec, one = pod(*workload), container(*workload)
    assert one["securityContext"]["readOnlyRootFilesystem"]
    mounted = [mount["name"] for mount in one.get("volumeMounts", [])]
    assert mounted == [volume["name"] for volume in spec.get("volumes", [])]
    assert "USER 10001:10001\n" in DOCKERFILE.read_text()


def test_the_bridge_is_as_confined_as_a_worker():
    worker, bridge = pod(*WORKER), pod(*BRIDGE)
    assert bridge["securityContext"] == worker["securityContext"]
    assert worker["securityContext"]["runAsUser"] == 10001
    assert container(*BRIDGE)["securityContext"] == container(*WORKER)["securityContext"]
    for name in ("serviceAccountName", "automountServiceAccountToken", "enableServiceLinks"):
        assert bridge[name] == worker[name]


def test_one_bridge_goes_before_the_next_comes():
    spec = document(*BRIDGE)["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


def test_the_volume_of_the_rocksdb_component_is_the_one_that_the_base_mounts():
    spec = document("rocksdb", "volume.yaml")["spec"]
    (replaced,) = spec["template"]["spec"]["volumes"]
    (claimed,) = spec["volumeClaimTemplates"]
    assert replaced == {"name": "data", "$patch": "delete"}
    assert claimed["metadata"]["name"] == container(*WORKER)["volumeMounts"][0]["name"]


def test_no_more_workers_than_partitions():
    assert document("keda", "scaledobject.yaml")["spec"]["maxReplicaCount"] == settings().partitions
    assert document(*WORKER)["spec"]["replicas"] <= settings().partitions


def test_what_is_scraped_is_what_is_served():
    (endpoint,) = document("monitoring", "podmonitor.yaml")["spec"]["podMetricsEndpoints"]
    assert (endpoint["port"], endpoint["path"]) == ("web", METRICS)
    assert METRICS in served()


def test_the_complete_overlay_has_every_component_but_the_one_that_takes_the_input():
    listed = document("overlays", "complete", "kustomization.yaml")["components"]
    assert {path.removeprefix("../../") for path in listed} == {*COMPONENTS} - {"strimzi-input"}
    assert (DEPLOY / "base").is_dir()


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("policy", POLICIES, ids=IDS)
def test_the_brokers_that_an_overlay_names_are_let_through(overlay, policy):
    (servers,) = {value for name, value in overlay.items() if name.endswith("BOOTSTRAP_SERVERS")}
    assert ("TCP", int(servers.rpartition(":")[2])) in let_out(policy)


def test_the_bridge_alone_is_let_through_to_prefect():
    (url,) = re.findall(r"^PREFECT_API_URL=(\S+)$", (DEPLOY / "bridge" / "prefect.env").read_text(), re.MULTILINE)
    worker, bridge = map(let_out, POLICIES)
    assert bridge - worker == {("TCP", 443), ("TCP", urlsplit(url).port)}
    assert worker <= bridge
    assert url.endswith("/api")
