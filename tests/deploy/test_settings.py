"""Whatever sets a setting sets one that there is, to what it may be; names are said in one place; secrets are files."""

import pytest

from correlator.settings import Settings
from correlator.values import PREFIX
from local.manifests import DEPLOY, settings
from tests.deploy.manifests import COMPOSE, DOCKERFILE, WRITTEN, assigned, container, documents, variables

KNOWN = {f"{PREFIX}{field.upper()}" for field in Settings.model_fields}
HAND_WRITTEN = [path for path in WRITTEN if not path.read_text().startswith("# Written by")]
BASE = DEPLOY / "base" / "settings.env"


@pytest.mark.parametrize("path", [*WRITTEN, COMPOSE, DOCKERFILE], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_only_settings_that_there_are(path):
    assert variables(path) <= KNOWN


@pytest.mark.parametrize("overlay", ["minimal", "complete"])
def test_the_settings_of_an_overlay_are_good_ones(overlay, monkeypatch):
    paths = [BASE]
    if overlay == "complete":
        paths += [DEPLOY / "rocksdb" / "kustomization.yaml", DEPLOY / "strimzi" / "settings.env"]
    for name, value in assigned(*paths, DEPLOY / "overlays" / overlay / "kustomization.yaml").items():
        monkeypatch.setenv(name, value)
    found = Settings()
    assert found.app_id == settings().app_id
    assert found.bootstrap_servers != Settings.model_fields["bootstrap_servers"].default


def test_the_settings_of_the_laptop_are_good_ones(monkeypatch):
    (compose,) = documents(COMPOSE)
    for name, value in compose["services"]["correlator"]["environment"].items():
        monkeypatch.setenv(name, value)
    assert Settings().page


def test_the_app_id_is_written_by_hand_in_one_place():
    assert [path for path in HAND_WRITTEN if settings().app_id in path.read_text()] == [BASE]


def test_no_secret_is_in_the_environment():
    assert not any("secretKeyRef" in path.read_text() for path in WRITTEN)
    assert {source for entry in container()["envFrom"] for source in entry} == {"configMapRef"}
    told = set(assigned(*WRITTEN))
    assert {name for name in told if "PASSWORD" in name or "TOKEN" in name} <= {f"{PREFIX}SASL_PASSWORD_FILE"}
