"""An aiokafka client that does not wait for a broker that hangs: still connected, but silent, as with a stuck disk.

Kafka's controller fences such a broker after `broker.session.timeout.ms`, 9 s by default, and others lead from then on.
aiokafka 0.14 asks a random broker for metadata and lets every request take its whole timeout, so work stands still for
long after that. Here, such requests time out soon and are repeated, and once a broker has left the cluster, requests
that wait for it are broken off: aiokafka retries them with the new leaders. (Java's client prefers the least loaded
broker, and limits connecting: KIP-601.)
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from aiokafka.client import AIOKafkaClient, ConnectionGroup
from aiokafka.cluster import ClusterMetadata
from aiokafka.conn import CloseReason
from aiokafka.errors import KafkaConnectionError, KafkaError, NodeNotReadyError, RequestTimedOutError

CLUSTER_ANSWERS_WITHIN = 3.0
"""Seconds that a broker may take to answer about the cluster before another one is asked."""
CONNECT_WITHIN = 10.0
"""Seconds that connecting may take, including TLS and SASL (the default of KIP-601)."""
REFRESH_AFTER = 3.0
"""Seconds that any other request may wait before the cluster's metadata is refreshed."""
ATTEMPTS = 5
"""How often a request is made with the short timeout, each time to a broker chosen at random. After that it gets
aiokafka's own timeout: if all brokers are that slow, slowness means nothing."""

T = TypeVar("T")


def make_impatient(client: AIOKafkaClient) -> None:
    """Make a client that has not connected yet impatient: consumers and producers create theirs, and accept none."""
    client.__class__ = ImpatientClient


def unanswered(client: AIOKafkaClient) -> int:
    """How many requests of an impatient client were sent and got no answer; they may still arrive."""
    assert isinstance(client, ImpatientClient)
    return client.unanswered


class ImpatientClient(AIOKafkaClient):
    """aiokafka's client, with bounds on what it waits for from a single broker."""

    unanswered = 0
    _present: frozenset[int] = frozenset()
    """The cluster's brokers as of the last metadata."""

    async def bootstrap(self) -> None:
        """Get the first metadata from whichever broker answers."""
        await _asked(super().bootstrap, CONNECT_WITHIN)

    async def coordinator_lookup(self, coordinator_type: int, coordinator_key: str) -> Any:
        """Find the coordinator of a group or a transactional id. Raises `RequestTimedOutError`, also if a connection
        breaks: aiokafka's producer retries after that, and gives up after any other error.
        """
        ask = super().coordinator_lookup
        try:
            return await _asked(lambda: ask(coordinator_type, coordinator_key), CLUSTER_ANSWERS_WITHIN)
        except KafkaConnectionError as error:
            raise RequestTimedOutError from error

    async def send(self, node_id: Any, request: Any, *, group: ConnectionGroup = ConnectionGroup.DEFAULT) -> Any:
        """Send a request; while it waits, refresh the metadata every few seconds."""
        doubting: asyncio.TimerHandle

        def doubt() -> None:
            nonlocal doubting
            self.force_metadata_update()
            doubting = self._loop.call_later(REFRESH_AFTER, doubt)

        doubting = self._loop.call_later(REFRESH_AFTER, doubt)
        try:
            return await super().send(node_id, request, group=group)
        except KafkaError as error:
            self.unanswered += not isinstance(error, NodeNotReadyError)  # then it was not sent
            raise
        finally:
            doubting.cancel()

    async def _get_conn(self, node_id: Any, **kwargs: Any) -> Any:
        # aiokafka makes one connection at a time: one that hangs holds up all others.
        try:
            async with asyncio.timeout(CONNECT_WITHIN):
                return await super()._get_conn(node_id, **kwargs)
        except TimeoutError:
            self.force_metadata_update()
            return None

    async def _metadata_update(self, cluster_metadata: ClusterMetadata, topics: Any) -> bool:
        ask = super()._metadata_update
        updated = cast(bool, await _asked(lambda: ask(cluster_metadata, topics), CLUSTER_ANSWERS_WITHIN))
        if updated:
            present = frozenset(broker.nodeId for broker in self.cluster.brokers())
            if self._present - present:
                self._break_off(present)
            self._present = present
        return updated

    def _break_off(self, present: frozenset[int]) -> None:
        """Close connections to brokers that have left, and those to others on which a request waits: the other broker
        may itself wait for one that has left.

        A leader asks the transaction's coordinator before it accepts a record (KIP-890), for up to its own
        `request.timeout.ms` (30 s), and answers nothing else on that connection meanwhile.
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
