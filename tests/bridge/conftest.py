"""A real server of Prefect and a Kafka, which all tests here have in common; dear to make, so one process runs them."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import pytest_asyncio

from local import Broker, local_kafka
from sessions.driver import Driver
from sessions.installing import Uninstallable, python
from sessions.release import DEFAULT, Release
from tests.bridge.scene import IMPATIENT, Scene, prefect_server

_REQUIRED = os.environ.get("REQUIRE_PREFECT", "0") not in {"", "0"}


@pytest.fixture(scope="session")
def prefect() -> Path:
    """The Python of an environment with Prefect. Where it cannot be installed, the test is skipped, or fails where
    REQUIRE_PREFECT=1.
    """
    try:
        return python(Release.of(DEFAULT))
    except Uninstallable as error:
        sentence = f"Prefect {DEFAULT} cannot be installed: {error}"
        if _REQUIRED:
            pytest.fail(sentence, pytrace=False)
        pytest.skip(sentence)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server(prefect: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Driver]:
    """A server that all tests share, which wants to know who one is; so use names of events that nobody else has."""
    async with prefect_server(prefect, tmp_path_factory.mktemp("prefect")) as server:
        yield server


@pytest.fixture(scope="session")
def broker(have_kafka: Callable[[AbstractContextManager[Broker]], Broker]) -> Broker:
    """A Kafka that all tests here share, to be killed and hung, and started again before a test ends."""
    return have_kafka(local_kafka(IMPATIENT, own=True))


@pytest.fixture(scope="session")
def scene(server: Driver, broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(server, broker, tmp_path_factory.mktemp("bridges"))
