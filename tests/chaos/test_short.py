"""A short run of the bench, on a broker of its own: exactly once under the commonest faults."""

import logging
from collections.abc import Callable
from pathlib import Path

from chaos.run import Run
from chaos.schedule import Throw
from chaos.stage import Stage
from chaos.workers import Workers
from local import Broker

IMPATIENT = {"broker.session.timeout.ms": "2000", "broker.heartbeat.interval.ms": "500"}
"""Else a broker that was killed waits 9 s for its own former self."""
FAULTS = ("worker asleep", "all workers kill -9", "broker kill -9", "invalid events")
SEED = 20_260_101
LIMIT = 100.0
"""Seconds: so that what does not catch up is told before the test's time runs out."""


def show(logs: Path) -> None:
    """What the workers said last: pytest shows it where the test fails, or its time runs out."""
    for log in sorted(logs.glob("*.log")):
        print(log.name, *log.read_text().splitlines()[-40:], sep="\n    ")


async def test_four_faults(own_kafka: Callable[..., Broker], tmp_path: Path):
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # an error per connection and 100 ms, on purpose
    kafka = own_kafka(IMPATIENT)
    stage = Stage(kafka.bootstrap_servers, brokers=1, store="memory://", one_hop=False)
    await stage.create_topics()
    run = Run(stage, [kafka], rate=200, seed=SEED, say=print, limit=LIMIT)
    workers = Workers(stage, 2, static=True)
    try:
        await run.throw_all((Throw(number, fault, 0.5, SEED) for number, fault in enumerate(FAULTS)), workers, 0.2)
    finally:
        workers.close(tmp_path)
        show(tmp_path)
    assert run.is_good
    assert set(run.rows) == {"the start", *FAULTS, "the end"}
    assert run.records > 1000
