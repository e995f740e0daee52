"""A record that is too large for its topic does not stop the stage and does not disappear (rules B3 and B6)."""

from collections.abc import Callable

import orjson
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from correlator.engine import Slice
from correlator.settings import Settings
from correlator.stage.app import create_app
from correlator.topics import Layout, declared
from support.events import pairs
from tests.engine.fakes import Record
from tests.prefect.events import STARTED, raw
from tests.stage.brokerless import Uncounted
from tests.stage.running import Stage

SMALL = 3_000
MOST = 100 * 1024


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


async def test_an_entry_that_its_changelog_would_refuse_loses_its_oldest() -> None:
    """A thousand open starts of one name need 119 KB, which is less than an entry may have by itself."""
    settings = Settings(input_keyed_by="subject", worker_names="shared")
    names = [spec.name for spec in declared(settings)]
    layout = Layout(dict.fromkeys(names, 1), dict.fromkeys(names, MOST), 86_400)

    def fail(what: str, error: BaseException) -> None:
        raise AssertionError(what) from error

    stage = create_app(settings, layout, Uncounted(), wall_clock=lambda: 1_790_000_000_000_000, fail=fail).correlate
    assert list(stage.assigned(0, 0)) == []
    key = STARTED["resource"]["prefect.resource.id"].encode()
    starts = [Record(n, key, raw(STARTED, id=f"01a20919-0000-7000-8000-{n:012}")) for n in range(1000)]
    (transaction,) = stage(Slice(settings.topic_events, 0, 0, 1000, starts))
    assert max(len(key) + len(value or b"") for key, value in transaction.changes.items()) < MOST
    outcomes = [orjson.loads(message.value or b"")["outcome"] for message in transaction.messages]
    assert set(outcomes) == {"lost"}
    assert len(outcomes) < 300
