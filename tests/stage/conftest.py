"""Deployments for tests, with their topics; what still runs at the end is ended."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.stage.deployment import Deployment


@pytest.fixture
def new_stage(kafka: str, tmp_path: Path) -> Iterator[Callable[..., Deployment]]:
    """Make a deployment with its topics: ``new_stage(INPUT_KEYED_BY="subject")``."""
    stages: list[Deployment] = []

    def make(**settings: str) -> Deployment:
        stage = Deployment(kafka, tmp_path, **settings)
        stages.append(stage)
        created = stage.command("topics", "create")
        assert created.returncode == 0, created.stderr
        return stage

    yield make
    for stage in stages:
        stage.end()
