"""Whatever sets a setting sets one that there is, to what it may be; names are said in one place; secrets are files."""

import re
from pathlib import PurePosixPath

import pytest

from correlator.settings import VARIABLE_PREFIX, Settings
from tests.deploy.manifests import (
    COMPOSE,
    DOCKERFILE,
    WORKLOADS,
    WRITTEN,
    assigned,
    container,
    documents,
    variables,
)
from tools.manifests import DEPLOY, settings

KNOWN = {f"{VARIABLE_PREFIX}{field.upper()}" for field in Settings.model_fields}
HAND_WRITTEN = [path for path in WRITTEN if not path.read_text().startswith("# Written by")]
BASE = DEPLOY / "base" / "settings.env"
COMPLETE = [
    BASE,
    DEPLOY / "rocksdb" / "kustomization.yaml",
    DEPLOY / "strimzi" / "settings.env",
    DEPLOY / "bridge" / "settings.env",
]
BRIDGE = [
    DEPLOY / "bridge" / "prefect.env",
    DEPLOY / "bridge-key" / "kustomization.yaml",
    DEPLOY / "strimzi-bridge" / "kustomization.yaml",
]
"""What the bridge has besides."""


@pytest.mark.parametrize("path", [*WRITTEN, COMPOSE, DOCKERFILE], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_only_settings_that_there_are(path):
    assert variables(path) <= KNOWN


@pytest.mark.parametrize(
    "overlay, paths",
    [("minimal", [BASE]), ("complete", COMPLETE), ("complete", [*COMPLETE, *BRIDGE])],
    ids=["minimal", "complete", "its bridge"],
)
def test_the_settings_of_an_overlay_are_good_ones(overlay, paths, monkeypatch):
    for name, value in assigned(*paths, DEPLOY / "overlays" / overlay / "kustomization.yaml").items():
        monkeypatch.setenv(name, value)
    found = Settings()
    assert found.app_id == settings().app_id
    assert found.bootstrap_servers != Settings.model_fields["bootstrap_servers"].default
    assert found.one_hop is (overlay == "complete")
    if paths[-1] in BRIDGE:
        (user,) = documents(DEPLOY / "strimzi-bridge" / "user.yaml")
        assert found.sasl_username == user["metadata"]["name"]


@pytest.mark.parametrize("service", ["correlator", "bridge"])
def test_the_settings_of_the_laptop_are_good_ones(service, monkeypatch):
    (compose,) = documents(COMPOSE)
    for name, value in compose["services"][service]["environment"].items():
        monkeypatch.setenv(name, value)
    assert Settings().one_hop
    assert Settings().page is (service == "correlator")


def test_the_files_that_the_bridge_is_told_of_are_mounted():
    mounts = {
        mount["mountPath"]: mount["readOnly"]
        for patch in (("bridge-key", "secret.yaml"), ("strimzi-bridge", "secrets.yaml"))
        for mount in container(*patch)["volumeMounts"]
    }
    told = assigned(DEPLOY / "strimzi" / "settings.env", *BRIDGE)
    files = [PurePosixPath(value) for name, value in told.items() if name.endswith("_FILE")]
    assert len(files) >= 3
    assert all(mounts[str(path.parent)] for path in files)


def test_the_app_id_is_written_by_hand_in_one_place():
    assert [path for path in HAND_WRITTEN if settings().app_id in path.read_text()] == [BASE]


def test_no_secret_is_in_the_environment():
    assert not any("secretKeyRef" in path.read_text() for path in WRITTEN)
    for where in WORKLOADS:
        assert {source for entry in container(*where)["envFrom"] for source in entry} == {"configMapRef"}
    told = {name for path in [*WRITTEN, COMPOSE] for name in re.findall(r"\b[A-Z_]+_[A-Z_]+\b", path.read_text())}
    secret = {name for name in told if re.search("PASSWORD|TOKEN|API_KEY|AUTH_STRING", name)}
    theirs = {"PREFECT_SERVER_API_AUTH_STRING"}  # of a comment
    assert {name for name in secret - theirs if not name.endswith("_FILE")} == set()
    assert {f"{VARIABLE_PREFIX}SASL_PASSWORD_FILE", f"{VARIABLE_PREFIX}PREFECT_API_KEY_FILE"} <= secret
