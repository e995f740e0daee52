"""A cluster of three: one may go, and whoever asks it for what was acknowledged gets it; nothing is left behind."""

from collections.abc import Iterator

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from local import NoKafka
from local.cluster import Cluster, local_cluster

IMPATIENT = {"broker.session.timeout.ms": "2000", "broker.heartbeat.interval.ms": "500"}
"""Else a dead leader is waited for for 9 s."""


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    try:
        with local_cluster(IMPATIENT) as cluster:
            yield cluster
    except NoKafka as error:
        pytest.skip(str(error))
    assert not any(broker.directory.exists() for broker in cluster.brokers)


@pytest.mark.kafka
async def test_one_of_three_may_go(cluster: Cluster):
    servers = cluster.bootstrap_servers
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    await admin.create_topics([NewTopic("kept", num_partitions=3, replication_factor=3)])
    (kept,) = await admin.describe_topics(["kept"])
    await admin.close()
    assert [len(partition["replicas"]) for partition in kept["partitions"]] == [3, 3, 3]
    async with AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True) as producer:
        for number, fault in enumerate(
            (cluster.brokers[0].kill, cluster.brokers[0].start, cluster.brokers[1].shut_down)
        ):
            fault()
            for partition in range(3):
                await producer.send_and_wait("kept", b"%d" % number, partition=partition)
    async with AIOKafkaConsumer("kept", bootstrap_servers=servers, auto_offset_reset="earliest") as consumer:
        read = [(await consumer.getone()).value for _ in range(9)]
    assert sorted(value for value in read if value) == [b"0", b"0", b"0", b"1", b"1", b"1", b"2", b"2", b"2"]
