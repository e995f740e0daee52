"""The stage runs on a secured Kafka with the permissions that `needed` lists, and no others, by every way in."""

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from correlator.settings import Settings
from correlator.topics import needed
from demo.session import SAMPLE
from support.events import pairs
from tests.security.secured import PASSWORD, REAUTHENTICATE, TOKEN, USER, SecuredBroker, token
from tests.stage.running import Stage

INVALID = b'["prefect.worker.started"]'
NewStage = Callable[..., Stage]


async def allow(kafka: SecuredBroker, stage: Stage, user: str = USER) -> None:
    settings = Settings(**{name.lower(): value for name, value in stage.settings.items()})
    async with kafka.administrator() as administrator:
        await administrator.allow(user, needed(settings))


def listing(process: int) -> str:
    """What anybody who may list processes sees of this one."""
    return "".join(Path(f"/proc/{process}/{which}").read_text() for which in ("environ", "cmdline"))


async def assert_exactly_once(stage: Stage, count: int) -> None:
    records = [orjson.loads(record.value or b"") for record in await stage.read(stage.flow_run_duration)]
    assert {record["outcome"] for record in records} == {"completed"}
    assert len({record["record_id"] for record in records}) == len(records) == count
    assert await stage.read(stage.dead_letter) == []


@pytest.mark.parametrize(
    "listener, mechanism",
    [("TLS", "PLAIN"), ("TLS", "OAUTHBEARER"), ("CLEAR", "SCRAM-SHA-256"), ("MUTUAL", None)],
)
async def test_events_in_records_out(
    secured: SecuredBroker, new_stage: NewStage, listener: str, mechanism: str | None
) -> None:
    """Of every kind that the stage publishes. What lists or logs a worker shows no secret, though aiokafka would log
    each request at this level. By MUTUAL the user is whom the client certificate names.
    """
    stage = new_stage(**secured.settings(listener, mechanism, LOG_LEVEL="debug"))
    await allow(secured, stage)
    await stage.feed((None, event) for event in [*SAMPLE.read_bytes().splitlines(), INVALID])
    worker = stage.start()
    await stage.until_done(workers=[worker])
    listed = listing(worker.pid)
    worker.terminate()
    assert worker.wait(20) == 0, stage.log(worker)
    for secret in (PASSWORD, TOKEN, "PRIVATE KEY"):
        assert secret not in listed + stage.log(worker)
    assert len({record["record_id"] for record in await stage.records()}) == 24
    assert len(await stage.read(stage.dead_letter)) == 1


async def test_exactly_once_by_scram_whatever_becomes_of_the_workers(
    secured: SecuredBroker, new_stage: NewStage
) -> None:
    """A worker that is killed, restarted or joined by a second one needs no further permissions."""
    count = 12_000
    stage = new_stage(**secured.settings("TLS", "SCRAM-SHA-512"))
    await allow(secured, stage)
    feeding = asyncio.create_task(stage.feed(pairs(count), rate=6000))
    killed = stage.start()
    await stage.until_published(count // 10)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    workers = [stage.start()]
    await stage.until_said(workers[0], "holds")
    workers.append(stage.start())
    await stage.until_said(workers[1], "holds")
    await feeding
    await stage.until_done(workers=workers)
    for worker in workers:
        worker.terminate()
    for worker in workers:
        assert worker.wait(20) == 0, stage.log(worker)
    await assert_exactly_once(stage, count)


async def test_a_token_is_renewed_while_the_stage_runs(secured: SecuredBroker, new_stage: NewStage) -> None:
    """Kafka ends a connection with the token that it came in by, and does so after REAUTHENTICATE seconds anyway."""
    count, seconds, lives = 8_000, 4 * REAUTHENTICATE, 2 * REAUTHENTICATE
    stage = new_stage(**secured.settings("RENEWED", "OAUTHBEARER"))
    await allow(secured, stage)

    async def renew() -> None:
        while True:
            secured.file("token", token(seconds=lives))
            await asyncio.sleep(lives / 3)

    renewing = asyncio.create_task(renew())
    worker = stage.start()
    await stage.feed(pairs(count), rate=2 * count / seconds)
    await stage.until_done(workers=[worker])
    renewing.cancel()
    worker.terminate()
    assert worker.wait(20) == 0, stage.log(worker)
    await assert_exactly_once(stage, count)
