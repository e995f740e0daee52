"""What a topic would refuse for its size does not stop the stage, and does not disappear."""

from collections.abc import Callable

import orjson
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from bench.events import pairs
from tests.stage.running import Stage

SMALL = 3_000


async def limit(broker: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        config = {"max.message.bytes": str(SMALL), "cleanup.policy": "delete"}
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, config)])
    finally:
        await admin.close()


async def test_a_record_that_its_topic_would_refuse_comes_without_its_details(
    new_stage: Callable[..., Stage], kafka: str
) -> None:
    stage = new_stage()
    await limit(kafka, stage.flow_run_duration)
    events = list(pairs(100))
    start, end = orjson.loads(events[0][1]), next(orjson.loads(v) for k, v in events[1:] if k == events[0][0])
    start["related"] += [
        {"prefect.resource.id": f"prefect.tag.a-long-tag-{n}", "prefect.resource.role": "tag"} for n in range(200)
    ]
    await stage.feed([(None, orjson.dumps(start)), *events[1:]])
    worker = stage.start()
    await stage.until_done(workers=[worker])
    worker.terminate()
    assert worker.wait(20) == 0, stage.log(worker)

    records = {record["submitted_event_id"]: record for record in await stage.records()}
    assert len(records) == 100
    large = records.pop(start["id"])
    assert large["outcome"] == "completed"
    assert large["executed_event_id"] == end["id"]
    assert large["truncated"]
    assert large["tags"] == []
    assert large["flow_run"] == {"id": start["related"][0]["prefect.resource.id"][-36:], "name": None}
    assert large["worker"]["id"] == start["resource"]["prefect.resource.id"]
    assert large["duration_seconds"] >= 0
    assert not any(record["truncated"] for record in records.values())
    assert await stage.read(stage.dead_letter) == []
