"""What is written in deploy/ and compose.yaml, parsed."""

import re
from pathlib import Path
from typing import Any

import yaml

from correlator.settings import VARIABLE_PREFIX
from tools.manifests import DEPLOY

ROOT = DEPLOY.parent
COMPOSE = ROOT / "compose.yaml"
DOCKERFILE = ROOT / "Dockerfile"
WRITTEN = sorted(path for path in DEPLOY.rglob("*") if path.suffix in {".yaml", ".env"})
COMPONENTS = sorted(path.parent.name for path in DEPLOY.glob("*/kustomization.yaml") if "Component" in path.read_text())

WORKER = ("base", "statefulset.yaml")
BRIDGE = ("bridge", "deployment.yaml")
WORKLOADS = (WORKER, BRIDGE)

_VARIABLE = re.compile(rf"\b{VARIABLE_PREFIX}[A-Z_]+\b")


def documents(path: Path) -> list[Any]:
    return list(yaml.safe_load_all(path.read_text()))


def document(*parts: str) -> Any:
    (one,) = documents(DEPLOY.joinpath(*parts))
    return one


def pod(*parts: str) -> Any:
    """The pod of a workload."""
    return document(*parts)["spec"]["template"]["spec"]


def container(*parts: str) -> Any:
    """The one container of a workload."""
    (one,) = pod(*parts)["containers"]
    return one


def variables(path: Path) -> set[str]:
    return set(_VARIABLE.findall(path.read_text()))


def assigned(*paths: Path) -> dict[str, str]:
    """The settings that files assign, the last one's being those that hold."""
    found = [re.findall(rf"({VARIABLE_PREFIX}[A-Z_]+)=([^\s\"\]]+)", path.read_text()) for path in paths]
    return {name: value for pairs in found for name, value in pairs}
