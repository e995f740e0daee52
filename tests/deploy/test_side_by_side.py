"""Two deployments in one namespace, the second by a nameSuffix: neither takes hold of what is the other's."""

import os
import shutil
import subprocess
from collections import Counter

import pytest
import yaml

from tests.deploy.manifests import documents
from tests.deploy.selecting import name, references, selected, selections
from tools.deploy_check import CACHE, side_by_side
from tools.manifests import DEPLOY

REQUIRED = os.environ.get("REQUIRE_KUSTOMIZE", "0") not in {"", "0"}
NAME, INSTANCE = "app.kubernetes.io/name", "app.kubernetes.io/instance"


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """All resources of both, rendered."""
    found = shutil.which("kustomize") or next(map(str, CACHE.glob("*/kustomize")), None)
    if found is None:
        reason = "there is no kustomize: `make deploy-check` fetches one."
        pytest.fail(reason, pytrace=False) if REQUIRED else pytest.skip(reason)
    target = side_by_side(tmp_path_factory.mktemp("both"))
    done = subprocess.run([found, "build", target], capture_output=True, timeout=60, check=True)
    return list(yaml.safe_load_all(done.stdout))


def own(resource):
    """Which deployment a resource is of."""
    return "second" if "-second" in resource else "first"


def test_no_two_resources_have_one_name(both):
    assert max(Counter(map(name, both)).values()) == 1
    assert {own(name(manifest)) for manifest in both} == {"first", "second"}


def test_each_selects_its_own_pods_and_no_others(both):
    found = list(selections(both))
    assert len(found) == 2 * (8 + 2)
    for selection in found:
        assert {own(resource) for resource in selected(selection, both)} == {own(selection.resource)}


def test_only_what_scrapes_takes_workers_and_the_bridge_for_one(both):
    for selection in selections(both):
        kinds = [resource.partition(" ")[0] for resource in selected(selection, both)]
        if selection.resource.startswith("PodMonitor"):
            assert sorted(kinds) == ["Deployment", "StatefulSet"]
        else:
            assert kinds == ["Deployment" if "bridge" in selection.resource else "StatefulSet"]


def test_what_each_names_is_its_own(both):
    found, names = list(references(both)), set(map(name, both))
    assert len(found) == 2 * (6 + 3)
    for resource, named in found:
        assert named in names
        assert own(named) == own(resource)


def test_every_selection_is_by_name_and_instance():
    paths = [*DEPLOY.glob("base/*.yaml"), *DEPLOY.glob("bridge/*.yaml"), DEPLOY / "monitoring" / "podmonitor.yaml"]
    manifests = [manifest for path in paths for manifest in documents(path) if "metadata" in manifest]
    found = list(selections(manifests))
    assert len(found) == 8 + 2
    assert all(selection.labels.keys() == {NAME, INSTANCE} for selection in found)


def test_one_that_selects_by_the_application_alone_takes_both():
    def workers(instance):
        template = {"metadata": {"labels": {NAME: "correlator", INSTANCE: instance}}}
        return {"kind": "StatefulSet", "metadata": {"name": instance}, "spec": {"template": template}}

    service = {"kind": "Service", "metadata": {"name": "a"}}
    for chosen, taken in (([NAME], ["a", "b"]), ([NAME, INSTANCE], ["a"])):
        labels = {it: {NAME: "correlator", INSTANCE: "a"}[it] for it in chosen}
        (selection,) = selections([{**service, "spec": {"selector": labels}}])
        assert selected(selection, [workers("a"), workers("b")]) == [f"StatefulSet {it}" for it in taken]
