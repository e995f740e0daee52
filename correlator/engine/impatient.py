"""An aiokafka client that does not wait for a broker that hangs: connected, and silent, as a stuck disk leaves it.

Kafka's controller fences such a broker after `broker.session.timeout.ms`, 9 s by default, and others lead from then on.
aiokafka 0.14 asks a random broker what the cluster looks like and gives every question its whole request timeout, so
work stands still for long after that. Here, such questions are short and asked again, and once a broker has left the
cluster, what waits is broken off: aiokafka tries again, where the leaders are now. (Java's client prefers the least
loaded broker, and limits connecting: KIP-601.)
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from aiokafka.client import AIOKafkaClient, ConnectionGroup
from aiokafka.cluster import ClusterMetadata
from aiokafka.conn import CloseReason
from aiokafka.errors import KafkaConnectionError, RequestTimedOutError

ANSWERING = 3.0
"""Seconds that a broker may take to say what it knows of the cluster, before another one is asked."""
CONNECTING = 10.0
"""Seconds that a connection may take, TLS and SASL included (KIP-601's)."""
DOUBT = 3.0
"""Seconds that any other request may wait before the cluster is asked who is still there."""
ATTEMPTS = 5
"""How often a question is asked for a short time, each time of a broker chosen at random. Then it gets all the time
that aiokafka gives it: where all brokers are as slow, that is no sign."""

T = TypeVar("T")


def make_impatient(client: AIOKafkaClient) -> None:
    """Make a client impatient that has not connected yet: consumers and producers make their own, and take none."""
    client.__class__ = ImpatientClient


class ImpatientClient(AIOKafkaClient):
    """aiokafka's client; what it asks of a single broker is bounded."""

    _present: frozenset[int] = frozenset()
    """The cluster's brokers, when it was last asked."""

    async def bootstrap(self) -> None:
        """Get to know the cluster, by whichever of its brokers answers."""
        await _asked(super().bootstrap, CONNECTING)

    async def coordinator_lookup(self, coordinator_type: int, coordinator_key: str) -> Any:
        """Ask who coordinates a group, or a transactional id. Raises `RequestTimedOutError` also where a connection
        breaks: aiokafka's producer asks again after that, and gives up after any other error.
        """
        ask = super().coordinator_lookup
        try:
            return await _asked(lambda: ask(coordinator_type, coordinator_key), ANSWERING)
        except KafkaConnectionError as error:
            raise RequestTimedOutError from error

    async def send(self, node_id: Any, request: Any, *, group: ConnectionGroup = ConnectionGroup.DEFAULT) -> Any:
        """Send a request; while it waits, ask again and again who is still there."""
        doubting: asyncio.TimerHandle

        def doubt() -> None:
            nonlocal doubting
            self.force_metadata_update()
            doubting = self._loop.call_later(DOUBT, doubt)

        doubting = self._loop.call_later(DOUBT, doubt)
        try:
            return await super().send(node_id, request, group=group)
        finally:
            doubting.cancel()

    async def _get_conn(self, node_id: Any, **kwargs: Any) -> Any:
        # Connections are made one at a time: one that hangs holds up all others.
        try:
            async with asyncio.timeout(CONNECTING):
                return await super()._get_conn(node_id, **kwargs)
        except TimeoutError:
            self.force_metadata_update()
            return None

    async def _metadata_update(self, cluster_metadata: ClusterMetadata, topics: Any) -> bool:
        ask = super()._metadata_update
        updated = cast(bool, await _asked(lambda: ask(cluster_metadata, topics), ANSWERING))
        if updated:
            present = frozenset(broker.nodeId for broker in self.cluster.brokers())
            if self._present - present:
                self._break_off(present)
            self._present = present
        return updated

    def _break_off(self, present: frozenset[int]) -> None:
        """Close what is connected to brokers that left; and what waits for others, as they may wait for those.

        A leader asks a transaction's coordinator before it takes a record (KIP-890), and waits for its own
        `request.timeout.ms`, 30 s; meanwhile it answers nothing else on that connection.
        """
        for (node_id, group), connection in list(self._conns.items()):
            waits = group is ConnectionGroup.DEFAULT and bool(connection._requests)
            if isinstance(node_id, int) and (node_id not in present or waits):
                connection.close(reason=CloseReason.CONNECTION_TIMEOUT)


async def _asked(ask: Callable[[], Awaitable[T]], seconds: float) -> T:
    for _ in range(ATTEMPTS):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await ask()
    return await ask()
