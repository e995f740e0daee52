"""One Kafka with every way in, for all the tests of this directory."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.security.secured import PASSWORD, USER, SecuredBroker, secured_kafka
from tests.stage.running import Stage, stages


@pytest.fixture(scope="session")
def secured(have_kafka, tmp_path_factory: pytest.TempPathFactory) -> SecuredBroker:
    broker = have_kafka(secured_kafka(tmp_path_factory.mktemp("secured")))
    asyncio.run(broker.make_user(USER, PASSWORD))
    return broker


@pytest.fixture
def new_stage(secured: SecuredBroker, tmp_path: Path) -> Iterator[Callable[..., Stage]]:
    """Make a deployment whose workers come in as the settings say; tests feed and read it as the administrator."""
    with stages(tmp_path) as as_administrator:

        def make(**settings: str) -> Stage:
            stage = as_administrator(secured.addresses["ADMIN"], CREATE_TOPICS="false")
            stage.settings |= settings
            return stage

        yield make
