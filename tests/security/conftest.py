"""One Kafka with every way in, for all the tests of this directory."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.security.secured import PASSWORD, USER, SecuredBroker, secured_kafka
from tests.stage.deployment import Deployment


@pytest.fixture(scope="session")
def secured(have_kafka, tmp_path_factory: pytest.TempPathFactory) -> SecuredBroker:
    broker = have_kafka(secured_kafka(tmp_path_factory.mktemp("secured")))
    asyncio.run(broker.make_user(USER, PASSWORD))
    return broker


@pytest.fixture
def new_stage(secured: SecuredBroker, tmp_path: Path) -> Iterator[Callable[..., Deployment]]:
    """Make a deployment whose workers come in as the settings say; tests feed and read it as the administrator."""
    stages: list[Deployment] = []

    def make(**settings: str) -> Deployment:
        stage = Deployment(secured.addresses["ADMIN"], tmp_path, CREATE_TOPICS="false")
        created = stage.command("topics", "create")
        assert created.returncode == 0, created.stderr
        stage.settings |= settings
        stages.append(stage)
        return stage

    yield make
    for stage in stages:
        stage.end()
