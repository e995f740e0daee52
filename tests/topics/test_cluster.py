"""A request to the brokers is repeated after errors that may pass; it hides no other error."""

from types import SimpleNamespace
from typing import Any

import pytest

from correlator.settings import Settings
from correlator.topics import TopicsError, declared
from correlator.topics.cluster import Cluster

NODE = SimpleNamespace(nodeId=1)


class Admin:
    """A client whose `create_topics` raises `AttributeError`, as aiokafka's does if no controller is known."""

    def __init__(self, controller: object) -> None:
        self._client = SimpleNamespace(cluster=SimpleNamespace(controller=controller))
        self.asked = 0

    async def create_topics(self, new: object, timeout_ms: int) -> object:
        self.asked += 1
        nothing: Any = None
        return nothing.nodeId


async def create(admin: Any) -> None:
    await Cluster(admin, "kafka:9092").create(declared(Settings(app_id="etl")))


async def test_a_cluster_without_a_controller_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("correlator.topics.cluster.ASKING", 0.5)
    admin = Admin(None)
    with pytest.raises(TopicsError, match="NotControllerError"):
        await create(admin)
    assert admin.asked > 1


async def test_a_mistake_of_ours_is_not_taken_for_a_cluster_without_a_controller() -> None:
    with pytest.raises(AttributeError, match="nodeId"):
        await create(Admin(NODE))
