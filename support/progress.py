"""How far a consumer group is: what the demo and the tests wait for."""

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import UnknownTopicOrPartitionError


async def lags(bootstrap_servers: str, group: str, topic: str) -> list[int]:
    """By how much the committed offset is short of the end of each partition.

    The end of what was written: a transaction's offsets show as committed a moment before what it wrote does.
    Raises `UnknownTopicOrPartitionError` where there is no such topic.
    """
    partitions = await _partitions(bootstrap_servers, topic)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign(partitions)  # by hand, so it does not join the group
        ends = await consumer.end_offsets(partitions)
        return [ends[partition] - (await consumer.committed(partition) or 0) for partition in partitions]
    finally:
        await consumer.stop()


async def _partitions(bootstrap_servers: str, topic: str) -> list[TopicPartition]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        (described,) = await admin.describe_topics([topic])
    finally:
        await admin.close()
    if described["error_code"]:
        raise UnknownTopicOrPartitionError(topic)
    return [TopicPartition(topic, number) for number in range(len(described["partitions"]))]
