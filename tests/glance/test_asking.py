"""A worker asks the others at addresses where anybody may answer."""

import asyncio
import gzip
import time

import pytest

from correlator.address import Address
from correlator.glance import asking as asked
from correlator.glance.asking import NO_ANSWER, NOT_A_WORKER, NOT_ASKED, PAGE_IS_OFF, UNREACHABLE, reaching
from correlator.glance.report import MAX_REPORT_BYTES
from local.ports import free_ports
from tests.glance.others import answering, babbling, hanging, somebody, trickling, without_end

MOST = asked.DEADLINE + 0.7
"""Seconds that a test allows for a request with a deadline, on a busy machine."""

BOMB = gzip.compress(bytes(MAX_REPORT_BYTES))
BEHAVIOURS = {
    "a worker": (answering("200 OK", b"a report"), b"a report"),
    "a worker whose page is off": (answering("404 Not Found", b"404: Not Found"), PAGE_IS_OFF),
    "a worker that fails": (answering("500 Internal Server Error"), NOT_A_WORKER),
    "one that hangs": (hanging, NO_ANSWER),
    "one that takes its time": (trickling, NO_ANSWER),
    "one that says more than a worker may": (without_end, NOT_A_WORKER),
    "as much as a worker may": (answering("200 OK", bytes(MAX_REPORT_BYTES)), bytes(MAX_REPORT_BYTES)),
    "a byte more": (answering("200 OK", bytes(MAX_REPORT_BYTES + 1)), NOT_A_WORKER),
    "what would be larger, unpacked": (answering("200 OK", BOMB, "Content-Encoding: gzip"), BOMB),
    "a header without end": (answering("200 OK", b"", f"X: {'x' * 100_000}"), NOT_A_WORKER),
    "no web server": (babbling, NOT_A_WORKER),
}


@pytest.mark.parametrize("behave, answer", BEHAVIOURS.values(), ids=BEHAVIOURS)
async def test_what_comes_of_asking(behave, answer):
    async with somebody(behave) as it, reaching() as workers:
        began = time.monotonic()
        assert await workers.ask([it.address]) == {it.address: answer}
        assert time.monotonic() - began < MOST


async def test_nobody_there():
    nobody = Address("127.0.0.1", free_ports(1)[0])
    nowhere = Address("nowhere.invalid", 8080)
    async with reaching() as workers:
        answers = await workers.ask([nobody, nowhere])
    assert answers[nobody] == UNREACHABLE
    assert answers[nowhere] in (UNREACHABLE, NO_ANSWER), "as its DNS takes its time, or not"


async def test_no_worker_waits_for_another():
    async with somebody(answering("200 OK", b"a report")) as good, somebody(hanging) as bad, reaching() as workers:
        began = time.monotonic()
        answers = await workers.ask([bad.address, good.address])
        assert time.monotonic() - began < MOST
    assert (answers[good.address], answers[bad.address]) == (b"a report", NO_ANSWER)


async def test_the_question_is_always_the_same_and_says_nothing(monkeypatch):
    """It sends no cookie that was set and no secret of the environment, and uses no proxy."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    async with somebody(answering("200 OK", b"x", "Set-Cookie: a=b; Path=/")) as it, reaching() as workers:
        named = Address("localhost", it.address.port)  # from an IP address, no client would take a cookie
        for _ in range(2):
            assert await workers.ask([named]) == {named: b"x"}
    (question,) = set(it.asked)
    line, *headers = question.strip().split("\r\n")
    assert line == "GET /part HTTP/1.1"
    assert {header.partition(":")[0] for header in headers} == {"Host", "Accept", "Accept-Encoding", "User-Agent"}


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect"])
async def test_nobody_is_sent_elsewhere(status: str):
    async with somebody(answering("200 OK", b"a secret")) as victim:
        to = f"Location: http://{victim.address}/latest/meta-data"
        async with somebody(answering(status, b"", to)) as it, reaching() as workers:
            assert await workers.ask([it.address]) == {it.address: NOT_A_WORKER}
    assert victim.asked == []


async def test_only_so_many_are_asked():
    async with somebody(answering("200 OK", b"x")) as it, reaching() as workers:
        addresses = [Address("127.0.0.1", port) for port in range(1, asked.MAX_ASKED + 6)]
        answers = await workers.ask([it.address, *addresses, it.address])
    assert answers[it.address] == b"x"
    assert [address for address, answer in answers.items() if answer == NOT_ASKED] == addresses[-6:]
    assert len(it.asked) == 1


async def test_who_does_not_look_any_more_waits_for_nothing():
    async with somebody(hanging) as it, reaching() as workers:
        look = asyncio.ensure_future(workers.ask([it.address]))
        await asyncio.sleep(0.1)
        look.cancel()
        with pytest.raises(asyncio.CancelledError):
            await look
