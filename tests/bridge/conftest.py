"""A real Prefect server and a Kafka that all tests here share. They are expensive to start, so one process runs all
tests.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from local import Broker, local_kafka
from sessions.driver import Driver
from tests.bridge.at_once import at_once
from tests.bridge.scene import IMPATIENT, Scene, prefect_server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server(prefect: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Driver]:
    """A server with authentication that all tests share, so use event names that no other test uses."""
    async with prefect_server(prefect, tmp_path_factory.mktemp("prefect")) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def came(scene: Scene, request: pytest.FixtureRequest) -> dict[str, Any]:
    """The results of a module's `CASES`, which run at the same time."""
    return await at_once(request.module.CASES, scene, request)


@pytest.fixture(scope="session")
def broker(have_kafka: Callable[[AbstractContextManager[Broker]], Broker]) -> Broker:
    """A Kafka that all tests here share. A test that kills or hangs it must start it again before it ends."""
    return have_kafka(local_kafka(IMPATIENT, own=True))


@pytest.fixture(scope="session")
def scene(server: Driver, broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(server, broker, tmp_path_factory.mktemp("bridges"))
