"""The page of a stage with one worker: the open lifecycles and the latest records."""

import asyncio
import re

import orjson

from correlator.event import Kind
from correlator.glance.recent import MAX_RECORDS
from correlator.glance.report import MAX_SUBJECTS
from correlator.partitioner import partition_for
from correlator.records.identity import record_id
from support.events import pairs
from tests.page.reading import Page, text
from tests.web.probing import ask

PATIENCE = 60
PARTITIONS = 2
COMPLETED, OPEN = MAX_RECORDS + 50, 3 * MAX_SUBJECTS
DECADE = "3650d"
"""The generated runs are of a fixed day. With this limit, none is lost, whatever today's date is."""


def record_of(value: bytes) -> str:
    return record_id(Kind.FLOW_RUN, orjson.loads(value)["id"])


async def test_what_is_open_and_the_last_records(kafka, deploy, port):
    """However many they are, the page has the oldest of each partition, the latest records, and both totals."""
    stage = deploy(kafka, PARTITIONS=str(PARTITIONS), PAGE="true", FLOW_RUN_LIMIT=DECADE)
    worker = stage.start(WEB_PORT=str(port))
    completed = list(pairs(COMPLETED, seed=1))
    going = [(key, value) for key, value in pairs(OPEN, seed=2) if b"submitted-flow-run" in value]
    await stage.feed([*completed, *going])
    async with asyncio.timeout(PATIENCE):
        while not {f"the last {MAX_RECORDS} of {COMPLETED}", f"other ones of {OPEN}"} <= set(
            re.findall(r"(?:the last \d+|other ones) of \d+", said := (await ask(port, "/?rows=all", PATIENCE)).text)
        ):
            assert worker.poll() is None, stage.log(worker)
            await asyncio.sleep(0.2)
    page = Page(said)

    assert text(page.all("header//strong")[0]) == stage.app_id
    assert "1 worker, 2 partitions" in text(page.all("header")[0])
    assert "Held by" not in page.rows("runs")[0], "by whom but the one"
    assert page.all("meta[@http-equiv='refresh']")

    by_partition: list[list[bytes]] = [[] for _ in range(PARTITIONS)]
    for key, value in going:
        by_partition[partition_for(key, PARTITIONS)].append(value)
    oldest = {record_of(value) for values in by_partition for value in values[:MAX_SUBJECTS]}
    published = {record_of(value) for _, value in completed if b"submitted-flow-run" in value}
    shown = {it.get("id") for it in page.all("tr[@id]")}
    assert len(page.rows("runs")) == PARTITIONS * MAX_SUBJECTS
    assert len(page.rows("last")) == MAX_RECORDS
    assert shown - published == oldest
    assert len(shown & published) == MAX_RECORDS
    assert page.figures()["completed"] == str(MAX_RECORDS)

    counted = re.findall(
        r"^prefect_correlator_records_total{.*} (.+)$", (await ask(port, "/metrics")).text, re.MULTILINE
    )
    assert sum(map(float, counted)) == COMPLETED, "what the page is told is counted all the same"
