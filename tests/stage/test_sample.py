"""The stage and ``replay`` say the same of a real session."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from demo.session import SAMPLE
from tests.commands.running import correlator
from tests.stage.running import Stage

Record = dict[str, Any]


@pytest.fixture(scope="module")
def replayed() -> list[Record]:
    return [{k: v for k, v in orjson.loads(line).items() if k != "record"} for line in replay(SAMPLE)]


def replay(*files: Path) -> list[str]:
    return correlator("replay", *map(str, files)).stdout.splitlines()


def final(records: list[Record]) -> dict[str, Record]:
    """The last value of each record id is the truth."""
    return {record["record_id"]: record for record in records}


def test_replay_of_the_sample(replayed: list[Record]) -> None:
    kinds = Counter(
        ("uptime" if "worker" in record and "flow_run" not in record else "duration") for record in replayed
    )
    assert kinds == {"uptime": 2, "duration": 22}
    assert Counter(record["outcome"] for record in replayed) == {"completed": 23, "cancelled": 1}
    (by_resource,) = [record for record in replayed if record["matched_by"] == "resource"]
    assert by_resource["flow_run"]["id"] == "5635e7d9-9918-4888-b640-63b9ab96d532"
    assert by_resource["duration_seconds"] == 324.028089


def by_subject(line: bytes) -> bytes:
    """The key that a bridge would give an event: the flow run's id, else the worker's."""
    event = orjson.loads(line)
    ids = [other["prefect.resource.id"] for other in (event["resource"], *event["related"])]
    runs = [id_ for id_ in ids if id_.startswith("prefect.flow-run.")]
    return str(runs[0].rpartition(".")[2] if runs else ids[0]).encode()


@pytest.mark.parametrize("keyed_by", ["any", "subject"])
async def test_the_stage_gives_the_records_of_replay(
    new_stage: Callable[..., Stage], replayed: list[Record], keyed_by: str
) -> None:
    stage = new_stage(INPUT_KEYED_BY=keyed_by, SOURCE="prefect-correlator")
    events = SAMPLE.read_bytes().splitlines()
    await stage.feed((by_subject(event) if keyed_by == "subject" else None, event) for event in events)
    worker = stage.start()
    await stage.until_done(workers=[worker])
    assert final(await stage.records()) == final(replayed)


async def test_records_are_cloud_events(new_stage: Callable[..., Stage]) -> None:
    stage = new_stage()
    await stage.feed((None, event) for event in SAMPLE.read_bytes().splitlines())
    worker = stage.start()
    await stage.until_done(workers=[worker])
    for record in await stage.read(stage.worker_uptime):
        headers = dict(record.headers)
        value = orjson.loads(record.value or b"")
        assert headers["ce_specversion"] == b"1.0"
        assert headers["ce_type"] == b"prefect.correlator.worker-uptime.v1"
        assert headers["ce_source"] == stage.app_id.encode()
        assert headers["ce_subject"] == record.key == value["worker"]["id"].encode()
        assert headers["ce_time"] == value["stopped_at"].encode()
        assert headers["content-type"] == b"application/json"
