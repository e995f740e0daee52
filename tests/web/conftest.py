"""Deployments whose workers have a web port, and a browser to look at what they show."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.ports import free_ports
from tests.page.conftest import tab
from tests.stage.running import Stage, stages

__all__ = ["deploy", "port", "tab"]


@pytest.fixture
def deploy(tmp_path: Path) -> Iterator[Callable[..., Stage]]:
    """Make a deployment with its topics: ``deploy(kafka, PARTITIONS="1")``."""
    with stages(tmp_path) as make:
        yield make


@pytest.fixture
def port() -> int:
    return free_ports(1)[0]
