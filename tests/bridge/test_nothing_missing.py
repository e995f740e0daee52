"""Whatever happens to bridge, server and Kafka, no event is missing from the topic or there twice, counted by id."""

from typing import Any

import pytest
import pytest_asyncio

from tests.bridge.at_once import at_once, outcome
from tests.bridge.faults import FAULTS, GENTLE, LONG
from tests.bridge.scene import Outcome, Scene

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def came(scene: Scene, request: pytest.FixtureRequest) -> dict[str, Any]:
    return await at_once(FAULTS, scene, request)


def assert_exact(outcome: Outcome) -> None:
    assert outcome.figures.server
    assert outcome.figures.is_exact, outcome


@pytest.mark.parametrize("case", sorted(GENTLE))
async def test_a_fault_of_the_bridge(came: dict[str, Any], case: str) -> None:
    assert_exact(outcome(came, case))


@pytest.mark.parametrize("fault", [name for name in FAULTS if name not in GENTLE | LONG])
async def test_a_fault_of_the_server_or_kafka(scene: Scene, fault: str) -> None:
    assert_exact(await FAULTS[fault](scene))
