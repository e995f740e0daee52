"""A Kafka of several nodes on this machine, for tests of what one broker's fault does to the others' clients."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from local.config import Node
from local.errors import NoKafka
from local.jars import VERSION, kafka_release
from local.jvm import JvmBroker
from local.ports import free_ports

REPLICATED: Mapping[str, str] = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
}
"""As clusters are run: one of three nodes may go, and what is acknowledged is kept."""

SMALL_HEAP = ("-Xms128m", "-Xmx384m")


class Cluster(NamedTuple):
    """Brokers that are one Kafka. Each can be killed, started, paused and resumed on its own."""

    brokers: tuple[JvmBroker, ...]

    @property
    def bootstrap_servers(self) -> str:
        """All nodes' ``host:port``."""
        return ",".join(broker.bootstrap_servers for broker in self.brokers)

    @property
    def description(self) -> str:
        """What it is, for people."""
        return f"{len(self.brokers)} nodes of {self.brokers[0].description}"


@contextmanager
def local_cluster(config: Mapping[str, str] | None = None, *, count: int = 3) -> Iterator[Cluster]:
    """Have a cluster for the length of a ``with``; nothing of it is left afterwards, however this process ends.

    Args:
        config: Broker properties that are to differ from ``config.FOR_TESTS`` and ``REPLICATED``.
        count: How many nodes, 3 or more.

    Raises:
        NoKafka: none is available; a cluster runs in Java virtual machines only.
        BrokerFailed: it did not come up, though everything needed is there.
    """
    if (release := kafka_release()).needs_zookeeper:
        raise NoKafka(f"Apache Kafka {release} makes no cluster without a ZooKeeper: set {VERSION} to 3.3.0 or newer.")
    ports = free_ports(2 * count)
    voters = [Node(number + 1, *ports[2 * number : 2 * number + 2]) for number in range(count)]
    with ExitStack() as stack, ThreadPoolExecutor(count) as together:
        brokers: list[JvmBroker] = []
        for node in voters:
            brokers.append(JvmBroker({**REPLICATED, **(config or {})}, node, voters, SMALL_HEAP))
            stack.callback(brokers[-1].stop)
        for _ in together.map(JvmBroker.start, brokers):  # one alone has no quorum: it would wait for the others
            pass
        yield Cluster(tuple(brokers))
