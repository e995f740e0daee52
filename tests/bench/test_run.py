"""A run on a real broker counts what was published, and reports any discrepancy."""

import sys
from collections.abc import AsyncIterator, Callable

import pytest

from bench.contenders import CONTENDERS, Launch
from bench.inputs import Input
from bench.peers.join import Job
from bench.run import measure
from bench.topics import create, delete, write
from support import events

STAGE, ENGINE = (next(one for one in CONTENDERS if one.name == name) for name in ("stage-1", "engine"))
PAIRS = 300

TWICE = """
import asyncio, sys
from aiokafka import AIOKafkaProducer
async def main():
    async with AIOKafkaProducer(bootstrap_servers=sys.argv[1]) as producer:
        for n in range(int(sys.argv[3])):
            await producer.send(sys.argv[2], b"", key=str(n // 2).encode())
    await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.fixture
async def input_(kafka: str, topic: Callable[[str], str]) -> AsyncIterator[Input]:
    name = topic("bench")
    await create(kafka, name)
    yield Input("lifecycles", name, await write(kafka, name, events.pairs(PAIRS)), PAIRS)
    await delete(kafka, name)


@pytest.mark.parametrize("contender", [STAGE, ENGINE], ids=lambda one: one.name)
async def test_ours(kafka: str, input_: Input, contender):
    run = await measure(kafka, contender, contender.prepare(), input_, 60)
    assert run.failure is None
    assert run.whole > 0
    assert run.wall > 0
    assert run.memory > 10_000_000


async def test_records_that_come_twice_are_a_failure(kafka: str, input_: Input):
    def launch(job: Job) -> Launch:
        return Launch([sys.executable, "-c", TWICE, job.broker, job.output, f"{PAIRS}"], {})

    run = await measure(kafka, STAGE, launch, input_, 60)
    assert run.failure == f"{PAIRS} records, {PAIRS // 2} keys, of {PAIRS} pairs"


async def test_a_contender_that_ends_is_a_failure_with_its_last_words(kafka: str, input_: Input):
    command = [sys.executable, "-c", "raise SystemExit('no licence')"]
    run = await measure(kafka, STAGE, lambda _: Launch(command, {}), input_, 60)
    assert run.failure == "it ended with 1: no licence"


async def test_one_that_takes_too_long_is_a_failure(kafka: str, input_: Input):
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    run = await measure(kafka, STAGE, lambda _: Launch(command, {}), input_, 1)
    assert run.failure == f"0 records of {PAIRS} after 1 s: it printed nothing"
