"""A real worker's answers to a kubelet: while it starts, recovers, hangs, has no Kafka, and comes back."""

import asyncio
import re
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from local import Broker
from local.ports import free_ports
from support.events import pairs
from support.progress import lags
from tests.commands.running import correlator
from tests.stage.running import Stage
from tests.web.probing import Answer, ask, is_, until

PATIENCE = 60
"""Seconds to wait for what takes one or two on an idle machine."""

STALLED_AFTER, STALL_LIMIT = 4, 7
LOOKS = 4
"""Seconds between two looks of the watchdog, at most, and what a look takes to notice."""


async def test_a_worker_that_recovers_is_not_ready_and_not_ill(kafka, deploy: Callable[..., Stage], port):
    """From its first answer on: who asks for health alone never ends it, and who asks for readiness waits."""
    stage = deploy(kafka, INPUT_KEYED_BY="subject", INSTANCE_ID="only")
    opened = 10_000
    await stage.feed(pair for pair in pairs(opened) if b"submitted-flow-run" in pair[1])
    first = stage.start()
    await stage.until_done(workers=[first])
    first.kill()
    first.wait()

    worker = stage.start(WEB_PORT=str(port))
    heard: list[tuple[Answer, Answer]] = []
    async with asyncio.timeout(PATIENCE):
        while not heard or heard[-1][1].status != 200:
            assert worker.poll() is None, stage.log(worker)
            heard.append((await ask(port, "/healthz", PATIENCE), await ask(port, "/readyz", PATIENCE)))
            await asyncio.sleep(0.02)
    answered = [(health.status, ready.status) for health, ready in heard if health.status is not None]
    assert set(answered) == {(200, 503), (200, 200)}
    assert answered.index((200, 200)) == len(answered) - 1
    assert {ready.text for _, ready in heard[-1:]} == {"ready\n"}
    open_ = re.findall(r'open_lifecycles{kind="flow-run-duration",.*} (.+)\n', (await ask(port, "/metrics")).text)
    assert sum(map(float, open_)) == opened


async def test_a_worker_whose_event_loop_hangs_gives_no_answer_and_goes_on_when_it_can(kafka, deploy, port):
    """For less than the session may be quiet: it keeps its partitions, and nobody takes them up anew."""
    stage = deploy(kafka)
    worker = stage.start(WEB_PORT=str(port))
    await until(port, "/readyz", is_(200), PATIENCE)
    held = _holdings(stage.log(worker))
    assert held
    worker.send_signal(signal.SIGSTOP)
    try:
        assert {(await ask(port, path)).status for path in ("/healthz", "/readyz")} == {None}
    finally:
        worker.send_signal(signal.SIGCONT)
    await until(port, "/healthz", is_(200), PATIENCE)
    await until(port, "/readyz", is_(200), PATIENCE)
    await stage.feed(pairs(10))  # who lost its partitions hears of it when it commits
    await stage.until_done(workers=[worker])
    assert _holdings(stage.log(worker)) == held


def _holdings(log: str) -> list[str]:
    """The partitions that a worker held after each assignment, according to its log."""
    return re.findall(r" holds (.+)", log)


async def test_a_broker_that_vanishes(own_kafka: Callable[..., Broker], deploy, port):
    """Health is bad when nothing has answered for as long as is allowed, and good again when Kafka is back; a worker
    that may not wait so long ends, and says why in one line."""
    broker = own_kafka({"broker.session.timeout.ms": "4000"})
    stage = deploy(broker.bootstrap_servers, STALLED_AFTER=str(STALLED_AFTER))
    (other,) = free_ports(1)
    patient = stage.start(WEB_PORT=str(port))
    impatient = stage.start(WEB_PORT=str(other), STALL_LIMIT=str(STALL_LIMIT))
    for each in (port, other):
        await until(each, "/readyz", is_(200), PATIENCE)
    assert (await ask(port, "/healthz")).status == 200

    await asyncio.to_thread(broker.kill)
    answer, seconds = await until(port, "/healthz", is_(503), PATIENCE)
    assert re.fullmatch(r".+ has stood still for \d+ s\n", answer.text)
    assert STALLED_AFTER - LOOKS / 2 < seconds < STALLED_AFTER + 2 * LOOKS

    assert await asyncio.to_thread(impatient.wait, PATIENCE) == 1
    (line,) = [line for line in stage.log(impatient).splitlines() if "so this process ends" in line]
    assert re.search(r"there is no progress, so this process ends: .+ has stood still for \d+ s", line)

    await asyncio.to_thread(broker.start)
    await until(port, "/healthz", is_(200), PATIENCE)
    await until(port, "/readyz", is_(200), PATIENCE)
    assert patient.poll() is None


async def test_a_worker_for_whom_there_is_no_partition_is_ready(kafka, deploy, port):
    stage = deploy(kafka, INPUT_KEYED_BY="subject", PARTITIONS="1")
    ports = [port, *free_ports(1)]
    for each in ports:
        stage.start(WEB_PORT=str(each))
    for each in ports:
        await until(each, "/readyz", is_(200), PATIENCE)

    async def held() -> list[int]:
        texts = [(await ask(each, "/metrics", PATIENCE)).text for each in ports]
        return sorted(text.count("\nprefect_correlator_partition_lag_records{") for text in texts)

    async with asyncio.timeout(PATIENCE):
        while await held() != [0, 1]:
            await asyncio.sleep(0.2)
    for each in ports:
        await until(each, "/readyz", is_(200), PATIENCE)
        assert (await ask(each, "/healthz")).status == 200


async def test_a_worker_that_is_killed_has_counted_nothing_that_the_next_one_counts(kafka, deploy, port):
    """What was not committed when it died is the next one's to count, all of it and nothing else."""
    stage = deploy(kafka, INPUT_KEYED_BY="subject", INSTANCE_ID="only", SLICE_RECORDS="200")
    fed = await stage.feed(pairs(8_000))
    first = stage.start(WEB_PORT=str(port))
    async with asyncio.timeout(PATIENCE):
        while not (before := await _counted(port)):
            assert first.poll() is None, stage.log(first)
    first.kill()
    first.wait()
    remaining = sum(await lags(kafka, stage.app_id, stage.events))
    assert 0 < remaining < fed, "the kill is to come in the middle"
    assert before <= fed - remaining

    second = stage.start(WEB_PORT=str(port))
    await stage.until_done(workers=[second])
    async with asyncio.timeout(PATIENCE):
        while (after := await _counted(port)) < remaining:
            await asyncio.sleep(0.1)
    assert after == remaining


async def _counted(port: int) -> int:
    text = (await ask(port, "/metrics")).text
    return int(sum(map(float, re.findall(r"^prefect_correlator_events_total{.*} (.+)$", text, re.MULTILINE))))


def test_a_port_that_is_taken(kafka, deploy):
    stage = deploy(kafka)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = correlator("worker", **{**stage.settings, "WEB_HOST": "127.0.0.1", "WEB_PORT": str(port)})
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr.splitlines()[-1] == (
        f"127.0.0.1:{port} cannot be served at (Address already in use): set CORRELATOR_WEB_PORT to a port that is"
        " free, or to 0 for none."
    )


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="the system has no /proc to see sockets in")
@pytest.mark.parametrize("served", [False, True])
async def test_without_a_port_nothing_listens(kafka, deploy, port, served):
    stage = deploy(kafka)
    worker = stage.start(WEB_PORT=str(port if served else 0))
    await stage.until_said(worker, "holds")
    assert _listens(worker.pid) == ({port} if served else set())


def _listens(pid: int) -> set[int]:
    """The TCP ports that a process listens on."""
    files = (file.readlink().name for file in Path(f"/proc/{pid}/fd").iterdir())
    inodes = {found.group(1) for file in files if (found := re.fullmatch(r"socket:\[(\d+)\]", file))}
    ports = set()
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                ports.add(int(fields[1].rpartition(":")[2], 16))
    return ports
