"""A broker's configuration: nothing to wait for, nothing that a test does not ask for."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qk"
HEAP = ("-Xms256m", "-Xmx512m")

FOR_TESTS: Mapping[str, str] = {
    # one node holds everything
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # small: fewer partitions of Kafka's own to make and to load, less memory for cleaning
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.num.partitions": "1",
    "log.cleaner.dedupe.buffer.size": "16777216",
    # no waiting
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    # strict: only declared topics exist, and no record is deleted for its age
    "auto.create.topics.enable": "false",
    "log.retention.ms": "-1",
}


SESSION = "6000"
"""Milliseconds for which a ZooKeeper remembers a broker that was killed: then it lets it come back."""


class Node(NamedTuple):
    """A broker and controller in one, and the ports where clients and controllers find it."""

    id: int
    port: int
    controller_port: int


def properties(
    *,
    listen: str,
    node: Node,
    voters: Sequence[Node],
    data: str,
    config: Mapping[str, str],
    advertised: str = "127.0.0.1",
) -> dict[str, str]:
    """Return the whole configuration of a node.

    Args:
        listen: The address that it listens on.
        node: The node itself.
        voters: All nodes of its cluster, itself among them.
        data: The directory of its logs.
        config: What the caller wants otherwise than ``FOR_TESTS``.
        advertised: The address that clients are sent to.
    """
    return {
        "process.roles": "broker,controller",
        "node.id": f"{node.id}",
        "controller.quorum.voters": ",".join(f"{one.id}@127.0.0.1:{one.controller_port}" for one in voters),
        "listeners": f"PLAINTEXT://{listen}:{node.port},CONTROLLER://127.0.0.1:{node.controller_port}",
        "advertised.listeners": f"PLAINTEXT://{advertised}:{node.port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "log.dirs": data,
        **FOR_TESTS,
        **config,
    }


def properties_with_zookeeper(*, node: Node, zookeeper: int, data: str, config: Mapping[str, str]) -> dict[str, str]:
    """Return the whole configuration of a broker that is a cluster of its own, and has a ZooKeeper at that port."""
    address = f"PLAINTEXT://127.0.0.1:{node.port}"
    return {
        "broker.id": f"{node.id}",
        "zookeeper.connect": f"127.0.0.1:{zookeeper}",
        "zookeeper.session.timeout.ms": SESSION,
        "listeners": address,
        "advertised.listeners": address,
        "log.dirs": data,
        **FOR_TESTS,
        **config,
    }
