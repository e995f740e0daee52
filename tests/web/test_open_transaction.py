"""/metrics shows that an open transaction keeps the input from being read."""

import re

from aiokafka import AIOKafkaProducer

from support.events import pairs
from tests.web.probing import Answer, ask, is_, until

PATIENCE = 60


async def test_what_an_open_transaction_holds_back_is_told_and_is_no_lag(kafka, deploy, port):
    stage = deploy(kafka, PARTITIONS="1")
    stage.start(WEB_PORT=str(port))
    await until(port, "/readyz", is_(200), PATIENCE)
    async with AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=f"{stage.app_id}-hangs") as producer:
        async with producer.transaction():
            await producer.send_and_wait(stage.events, b"{}")
            behind = await stage.feed(pairs(5))
            await until(port, "/metrics", told(stage.events, uncommitted=1 + behind, lag=0), PATIENCE)
        await until(port, "/metrics", told(stage.events, uncommitted=0, lag=0), PATIENCE)
    assert (await ask(port, "/healthz")).status == 200


def told(topic: str, *, uncommitted: int, lag: int):
    """Whether an answer has these figures of the topic's one partition."""

    def is_told(answer: Answer) -> bool:
        names = {"uncommitted_records": uncommitted, "partition_lag_records": lag}
        labels = re.escape(f'{{partition="0",topic="{topic}"}}')
        return all(re.search(rf"_{name}{labels} {number}\.0\n", answer.text) for name, number in names.items())

    return is_told
