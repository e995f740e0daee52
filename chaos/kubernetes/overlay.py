"""``deploy/overlays/minimal`` with what a user sets, and with what a trial of it needs."""

import os
from pathlib import Path
from typing import Final, NamedTuple

import yaml

from chaos.stage import Stage
from correlator.settings import VARIABLE_PREFIX
from tools.manifests import DEPLOY

IMAGE: Final = "registry.example.com/correlator"
"""Where the overlay says that it is."""
OWN: Final = frozenset({"SESSION_TIMEOUT", "STORE", "WEB_PORT"})
"""Settings that are as ``deploy/`` says."""


class Wanted(NamedTuple):
    """What is to run."""

    release: str
    """The image's tag."""
    workers: int = 2
    on_disk: bool = False
    """Whether with ``deploy/rocksdb``."""


def write(directory: Path, namespace: str, stage: Stage, wanted: Wanted) -> None:
    """Write the overlay of it, for ``kubectl apply -k``."""
    above = os.path.relpath(DEPLOY, directory)
    settings = {name: value for name, value in stage.settings.items() if name not in OWN}
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": namespace,
        "resources": [f"{above}/overlays/minimal"],
        "components": [f"{above}/rocksdb"] if wanted.on_disk else [],
        "images": [{"name": IMAGE, "newTag": wanted.release}],
        "replicas": [{"name": "correlator", "count": wanted.workers}],
        "configMapGenerator": [
            {
                "name": "correlator",
                "behavior": "merge",
                "literals": [f"{VARIABLE_PREFIX}{name}={value}" for name, value in settings.items()],
            }
        ],
    }
    (directory / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
