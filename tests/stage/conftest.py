"""Deployments for tests, with their topics. Processes that still run at the end are ended."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.stage.running import Stage, stages


@pytest.fixture
def new_stage(kafka: str, tmp_path: Path) -> Iterator[Callable[..., Stage]]:
    """Make a deployment with its topics: ``new_stage(INPUT_KEYED_BY="subject")``."""
    with stages(tmp_path) as make:
        yield partial(make, kafka)
