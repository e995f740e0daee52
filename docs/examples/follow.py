"""Prints every record as it is published.

    pip install aiokafka
    python follow.py localhost:9092 prefect.worker-uptime prefect.flow-run-duration

What is there already comes first.
"""

import asyncio
import json
import sys

from aiokafka import AIOKafkaConsumer


async def follow(brokers: str, *topics: str) -> None:
    """Begin with the oldest record; with a ``group_id``, go on where the group was."""
    async with AIOKafkaConsumer(
        *topics, bootstrap_servers=brokers, isolation_level="read_committed", auto_offset_reset="earliest"
    ) as consumer:
        async for message in consumer:
            record = json.loads(message.value)
            match dict(message.headers)["ce_type"]:
                case b"prefect.correlator.worker-uptime.v1":
                    print(record["worker"]["id"], record["outcome"], record["uptime_seconds"], flush=True)
                case b"prefect.correlator.flow-run-duration.v1":
                    print(record["flow_run"]["id"], record["outcome"], record["duration_seconds"], flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        print("Say where Kafka is and which topics to follow: python follow.py BROKERS TOPIC …", file=sys.stderr)
        sys.exit(2)
    asyncio.run(follow(*sys.argv[1:]))
