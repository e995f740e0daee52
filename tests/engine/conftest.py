"""The engine's tests: a connection to the broker, and apps as processes of their own."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.engine.kafka import Cluster, connected
from tests.engine.processes import Deployment, Deployments


@pytest.fixture
async def cluster(kafka: str) -> AsyncIterator[Cluster]:
    async with connected(kafka) as cluster:
        yield cluster


@pytest.fixture
def deployments(kafka: str, tmp_path: Path) -> Iterator[Deployments]:
    """Makes deployments of the test app. Processes that still run at the end are killed."""
    with Deployments(kafka, tmp_path) as deployments:
        yield deployments


@pytest.fixture
async def deployment(cluster: Cluster, deployments: Deployments) -> Deployment:
    """One deployment of one hop, with its topics."""
    return await deployments.create(cluster)
