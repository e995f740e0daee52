"""A cluster of three: one may go, and whoever asks it for what was acknowledged gets it; nothing is left behind."""

import asyncio
from collections.abc import Callable

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from local.cluster import Cluster

IMPATIENT = {"broker.session.timeout.ms": "2000", "broker.heartbeat.interval.ms": "500"}
"""Else a dead leader is waited for for 9 s."""


async def test_one_of_three_may_go(own_cluster: Callable[..., Cluster]):
    cluster = own_cluster(IMPATIENT)
    servers = cluster.bootstrap_servers
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    await admin.create_topics([NewTopic("kept", num_partitions=3, replication_factor=3)])
    async with asyncio.timeout(30):  # a broker may be asked that has not heard of it yet
        while len((kept := (await admin.describe_topics(["kept"]))[0])["partitions"]) < 3:
            await asyncio.sleep(0.1)
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
