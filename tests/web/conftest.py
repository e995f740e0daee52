"""Deployments whose workers have a web port."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.ports import free_ports
from tests.stage.deployment import Deployment


@pytest.fixture
def stages() -> Iterator[list[Deployment]]:
    """What is in it is ended."""
    stages: list[Deployment] = []
    yield stages
    for stage in stages:
        stage.end()


@pytest.fixture
def deploy(tmp_path: Path, stages: list[Deployment]) -> Callable[..., Deployment]:
    """Make a deployment with its topics: ``deploy(kafka, PARTITIONS="1")``."""

    def make(broker: str, **settings: str) -> Deployment:
        stage = Deployment(broker, tmp_path, **settings)
        stages.append(stage)
        created = stage.command("topics", "create")
        assert created.returncode == 0, created.stderr
        return stage

    return make


@pytest.fixture
def port() -> int:
    return free_ports(1)[0]
