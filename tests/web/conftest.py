"""Deployments whose workers have a web port."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.ports import free_ports
from tests.stage.running import Stage, stages


@pytest.fixture
def deploy(tmp_path: Path) -> Iterator[Callable[..., Stage]]:
    """Make a deployment with its topics: ``deploy(kafka, PARTITIONS="1")``."""
    with stages(tmp_path) as make:
        yield make


@pytest.fixture
def port() -> int:
    return free_ports(1)[0]
